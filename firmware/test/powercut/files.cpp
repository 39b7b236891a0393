// The file system of a device without power.
#include <algorithm>

#include "features/local_list/local_list.h"
#include "features/log_store/log_store.h"
#include "features/storage/littlefs_storage.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/numbered_files.h"
#include "features/transactions/record.h"
#include "powercut/invariants.h"
#include "support/fake_worker.h"
#include "support/raw_file.h"

namespace pb::powercut {
namespace {

const char* const kBallast = "ballast";
/// After a longer time the file system may have split its directory once more.
constexpr size_t kDirectoryBlocks = 2;

/// The files of the log depend on the time of the cut.
bool is_log(const std::string& name) { return name.compare(0, LogStore::kPrefix.length, LogStore::kPrefix.data) == 0; }

/// Removes the pages that the local list names: which of the two sets it is depends on the number of its updates.
void forget_pages_of_the_list(LittleFsStorage& storage, std::set<std::string>& names) {
  uint8_t content[ListHead::kMaxEncoded];
  size_t length = 0;
  ListHead head;
  if (storage.read(LocalList::kFile, content, length) != StorageResult::ok || !head.decode({content, length})) return;
  for (size_t page = 0; page < head.pages; ++page) {
    names.erase(numbered_file(LocalList::kPagePrefix, head.file_of(page)).c_str());
  }
}

}  // namespace

Files list_files(RamFlash& flash) {
  FakeWorker worker;
  LittleFsStorage storage(flash, worker);
  Files files;
  if (storage.mount() != StorageResult::ok) return files;
  storage.list(
      "", [](void* names, Text name) { static_cast<std::set<std::string>*>(names)->insert({name.data, name.length}); },
      &files.names);
  forget_pages_of_the_list(storage, files.names);
  files.blocks = storage.blocks_in_use();
  files.logs = static_cast<size_t>(std::count_if(files.names.begin(), files.names.end(), &is_log));
  return files;
}

void note_stored_samples(World& world) {
  // Mounting may write, so it works on a copy of the flash with its count of operations.
  RamFlash copy = world.flash;
  const Files files = list_files(copy);
  FakeWorker worker;
  LittleFsStorage storage(copy, worker);
  if (files.names.empty() || storage.mount() != StorageResult::ok) return;
  for (const std::string& name : files.names) {
    uint8_t content[Storage::kMaxContent];
    size_t length = 0;
    MeterBatch batch;
    if (name.compare(0, 3, "tx-") != 0 ||
        storage.read({name.data(), name.size()}, content, length) != StorageResult::ok ||
        !batch.decode({content, length})) {
      continue;
    }
    for (size_t place = 0; place < batch.count(); ++place) {
      char id[kMaxMessageId];
      TextWriter writer(id);
      writer.append_all(Hex{batch.nonce, 8}, '-', batch.sequence, '.', place);
      world.stored_samples.emplace(writer.text().data, writer.text().length);
    }
  }
}

void check_start_copy(World& world) {
  RamFlash copy = world.flash;  // mounting may write
  const Files files = list_files(copy);
  FakeWorker worker;
  LittleFsStorage storage(copy, worker);
  if (storage.mount() != StorageResult::ok) return;
  const auto read = [&storage](const std::string& name) {
    uint8_t content[Storage::kMaxContent];
    size_t length = 0;
    const bool ok = storage.read({name.data(), name.size()}, content, length) == StorageResult::ok;
    return ok ? std::string(reinterpret_cast<const char*>(content), length) : "";
  };
  Record newest;
  std::string newest_content;
  for (const std::string& name : files.names) {  // in the order of their numbers
    Record record;
    const std::string text = name.compare(0, 3, "tx-") == 0 ? read(name) : "";
    if (!record.decode(Text(text.data(), text.size()).bytes()) || record.type != Record::Type::start) continue;
    newest = record;
    newest_content = text;
  }
  char id[kMaxMessageId];
  TextWriter writer(id);
  writer.append_all(Hex{newest.nonce, 8}, '-', newest.sequence);
  const std::string sent = base_of(world.csms.log().back().id);
  if (writer.text() != Text(sent.data(), sent.size()) || read("start_copy") == newest_content) return;
  world.violate("start-without-copy", "StartTransaction " + sent + " is sent, and start_copy does not have it");
}

void flip_bit(RamFlash& flash, const char* name) {
  RamFlash copy = flash;
  copy.power_on();  // a planned cut is not for this write
  RawFile files(copy);
  std::string content = files.read(name);
  content.back() ^= 1;
  files.write(content, name);
  flash.content() = copy.content();
}

void fill_flash(RamFlash& flash) {
  FakeWorker worker;
  LittleFsStorage storage(flash, worker);
  storage.mount();
  storage.start();
  const std::string content(Storage::kMaxContent, 'x');
  StorageResult result = StorageResult::ok;
  for (int i = 0; result == StorageResult::ok; ++i) {
    const std::string name = kBallast + std::to_string(i);
    storage.write({name.data(), name.size()}, Text(content.data(), content.size()).bytes(),
                  {[](void* last, StorageResult each) { *static_cast<StorageResult*>(last) = each; }, &result});
    worker.deliver_all();
  }
}

void check_files(World& world, const Files& expected) {
  const Files files = list_files(world.flash);
  for (const std::string& name : files.names) {
    const bool is_temporary = name.compare(0, 2, "tx") == 0 || name.compare(0, 5, "list-") == 0;
    if (is_temporary || (!is_log(name) && expected.names.count(name) == 0)) world.violate("file-left", name);
  }
  if (files.blocks > expected.blocks - expected.logs + files.logs + kDirectoryBlocks) {
    world.violate("space-leaks", std::to_string(files.blocks) + " blocks in use, " + std::to_string(expected.blocks) +
                                     " without a cut");
  }
}

}  // namespace pb::powercut
