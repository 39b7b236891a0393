#include "app/storage_guard.h"

#include "core/json_writer.h"

namespace pb {

namespace {

constexpr char kTag[] = "storage";
constexpr uint8_t kNote[] = {1};

}  // namespace

void StorageGuard::start() {
  uint8_t note[sizeof kNote];
  size_t length = 0;
  // If the partition `secrets` cannot be read, assume that the device has had a file system, and keep it.
  const bool had_file_system = secrets_.read(secret::kStorage, note, length) != SecretsResult::not_found;
  result_ = storage_.mount(had_file_system ? OnDamage::keep : OnDamage::format);
  works_ = result_ == StorageResult::ok;
  is_noted_ = had_file_system;
  if (!works_) {
    next_ = kRetry;
    log_.error(kTag, "the file system cannot be used: ", name_of(result_),
               "; nothing is stored and no charge begins. `storage format yes` erases it");
  } else if (storage_.formatted()) {
    log_.warning(kTag, had_file_system ? "the flash was erased: formatted" : "no file system found: formatted");
  }
}

Millis StorageGuard::poll(Millis now) {
  if (is_worker_busy_) return kNever;
  if (is_noted_ && works_) return kNever;
  if (now < next_) return next_;
  next_ = now + kRetry;
  if (works_) {
    note_file_system();
  } else if (storage_.probe() == StorageResult::ok) {
    log_.warning(kTag, "the file system can be used again: restarting");
    restart_.call(restart_.context);
  }
  return next_;
}

/// Records that there is a file system. From then on a missing file system counts as damaged, and the flash is not
/// formatted.
void StorageGuard::note_file_system() {
  is_worker_busy_ = worker_.post({[](void* self) {
                                    auto& guard = *static_cast<StorageGuard*>(self);
                                    guard.noted_ = guard.secrets_.write(secret::kStorage, kNote);
                                  },
                                  [](void* self) {
                                    auto& guard = *static_cast<StorageGuard*>(self);
                                    guard.is_worker_busy_ = false;
                                    guard.is_noted_ = guard.noted_ == SecretsResult::ok;
                                  },
                                  this});
}

void StorageGuard::command(Text arguments) {
  if (arguments.empty()) {
    log_.answer_json([this](JsonWriter& json) {
      json.begin_object();
      json.member("state", works_ ? Text("works") : name_of(result_));
      json.member("blocks_in_use", uint64_t{storage_.blocks_in_use()});
      json.member("blocks", uint64_t{storage_.blocks()});
      json.end_object();
    });
  } else if (arguments != "format yes") {
    log_.answer("error: storage needs `format yes`, or nothing");
  } else if (works_) {
    log_.answer("error: the file system works, so it is not formatted");
  } else if (is_worker_busy_) {
    log_.answer("error: the flash is busy, try again");
  } else {
    format();
  }
}

void StorageGuard::format() {
  is_worker_busy_ = worker_.post({[](void* self) {
                                    auto& guard = *static_cast<StorageGuard*>(self);
                                    guard.result_ = guard.storage_.format();
                                  },
                                  [](void* self) { static_cast<StorageGuard*>(self)->formatted(); }, this});
  if (!is_worker_busy_) log_.answer("error: the flash is busy, try again");
}

void StorageGuard::formatted() {
  is_worker_busy_ = false;
  if (result_ != StorageResult::ok)
    return log_.answer("error: the file system cannot be formatted: ", name_of(result_));
  log_.warning(kTag, "formatted on request: restarting");
  log_.answer("ok");
  restart_.call(restart_.context);
}

}  // namespace pb
