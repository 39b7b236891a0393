// Any content of the log files and of the retained memory: the device starts, prints the log as whole lines, and
// continues to log.

#include <memory>
#include <string>

#include "features/log_store/log_console.h"
#include "features/log_store/log_store.h"
#include "fuzz/input.h"
#include "support/fake_clock.h"
#include "support/fake_retained_ram.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"

namespace pb::fuzz {
namespace {

constexpr const char* kNote = "the note of the harness";
constexpr uint8_t kMostFiles = 40;
constexpr uint8_t kMostChanges = 64;
constexpr int kMostRounds = 20'000;

/// A device with the files and the memory of the input.
struct Bench {
  FakeRetainedRam memory;
  FakeClock clock;
  FakeUart uart;
  FakeStorage storage;
  Settings settings;

  /// The features of one boot.
  struct Life {
    Logger log;
    TimeSync time;
    LogStore store;
    LogConsole console;

    explicit Life(Bench& bench)
        : log(bench.clock, bench.uart),
          time(bench.clock, bench.storage),
          store(bench.memory.bytes(), bench.clock, bench.storage, time, bench.settings, log),
          console(store, bench.storage, log) {
      log.set_sink(store.sink());
      store.load();
    }
  };
  std::unique_ptr<Life> life;

  void boot() {
    clock.set(0);
    life = std::make_unique<Life>(*this);
  }
  void rest() {
    for (int rounds = 0; rounds < kMostRounds; ++rounds) {
      const Millis now = clock.now();
      const Millis due = earlier(life->store.poll(now), life->console.poll(now));
      if (storage.run_one()) continue;
      if (due > now + 1'000) return;
      if (due > now) clock.set(due);
    }
    require(false, "the log comes to rest");
  }
  /// Prints the log, and checks that the answer counts its lines. @return the output
  std::string shown(void (*command)(LogConsole& console)) {
    uart.take();
    command(life->console);
    rest();
    const std::string output = uart.take();
    size_t lines = 0;
    size_t answers = 0;
    for (size_t at = 0; at < output.size();) {
      const size_t end = output.find("\r\n", at);
      require(end != std::string::npos, "each line of the console ends");
      if (output.compare(at, 2, "L ") == 0) ++lines;
      if (output.compare(at, 2, "= ") == 0) {
        ++answers;
        const bool is_error = output.compare(at, 9, "= error: ") == 0;
        const std::string count = "= {\"lines\":" + std::to_string(lines) + ",";
        require(is_error || output.compare(at, count.size(), count) == 0, "the answer has the number of lines");
      }
      at = end + 2;
    }
    require(answers == 1, "a command has one answer");
    return output;
  }
};

/// Logs lines, so that the memory has a ring, then changes bytes of it: the reset of a device whose memory has decayed.
void damage_ring(Bench& bench, Input& input) {
  bench.memory.lose_power();
  bench.boot();
  for (uint8_t lines = input.byte() % 32; lines > 0; --lines) {
    const Bytes text = input.take(input.byte());
    bench.life->log.info("fuzz", Text(reinterpret_cast<const char*>(text.data), text.length));
  }
  const MutableBytes memory = bench.memory.bytes();
  for (uint8_t changes = input.byte() % kMostChanges; changes > 0; --changes) {
    const size_t place = size_t{input.byte()} << 8 | input.byte();
    memory[place % memory.length] = input.byte();
  }
}

void add_files(Bench& bench, Input& input) {
  for (uint8_t files = input.byte() % 4; files > 0; --files) {
    const auto name = LogStore::name_of_file(1u + input.byte() % kMostFiles);
    const Bytes content = input.take(size_t{input.byte()} << 8 | input.byte());
    bench.storage.files[name.c_str()].assign(
        reinterpret_cast<const char*>(content.data),
        content.length < Storage::kMaxContent ? content.length : Storage::kMaxContent);
    if (input.byte() % 8 == 0) bench.storage.lost.insert(name.c_str());
  }
  for (const Text name : {LogStore::kCrashFile, LogStore::kCrashLogFile}) {
    const Bytes content = input.take(input.byte());
    if (content.length == 0) continue;
    bench.storage.files[std::string(name.data, name.length)].assign(reinterpret_cast<const char*>(content.data),
                                                                    content.length);
  }
}

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using namespace pb::fuzz;
  Input input(data, size);
  const auto bench = std::make_unique<Bench>();
  // With one file, the lines that follow the note may replace the file that has it.
  bench->settings.log_files = 2u + input.byte() % (kMaxLogFiles - 1);
  bench->settings.log_file_bytes = 1024u + 4u * input.byte();
  damage_ring(*bench, input);
  add_files(*bench, input);
  bench->boot();
  bench->rest();
  bench->shown([](LogConsole& console) { console.tail(LogConsole::kTailLines); });
  bench->shown([](LogConsole& console) { console.crash(); });
  bench->life->log.info("fuzz", kNote);
  const std::string dump = bench->shown([](LogConsole& console) { console.dump(); });
  require(dump.find(kNote) != std::string::npos, "a new line is in the dump");
  // The log goes on: the line is on flash, and survives the loss of the memory.
  StorageResult result = StorageResult::busy;
  const bool has_begun = bench->life->store.flush(
      {[](void* into, StorageResult each) { *static_cast<StorageResult*>(into) = each; }, &result});
  require(has_begun, "a flush begins");
  bench->rest();
  require(result == StorageResult::ok, "a flush ends well");
  bench->memory.lose_power();
  bench->boot();
  const std::string after = bench->shown([](LogConsole& console) { console.dump(); });
  require(after.find(kNote) != std::string::npos, "a line that was flushed is on flash");
  return 0;
}
