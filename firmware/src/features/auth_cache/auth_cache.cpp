#include "features/auth_cache/auth_cache.h"

#include "core/json_writer.h"
#include "features/transactions/numbered_files.h"

namespace pb {
namespace {

constexpr Text kTag = "auth";
constexpr size_t kNone = AuthCache::kMaxEntries;
constexpr size_t kMaxHead = 64;
constexpr Text kRejected = ": offline, unknown idTags are rejected until ClearCache";

static_assert(AuthCache::kMaxEntries % CacheFile::kSlots == 0 && AuthCache::kMaxEntries / CacheFile::kSlots <= 32,
              "the files are bits of one number");

FileName file_of(size_t file) { return numbered_file(AuthCache::kEntriesPrefix, static_cast<uint32_t>(file)); }
size_t file_of_slot(size_t slot) { return slot / CacheFile::kSlots; }
uint16_t short_hash(Text id_tag) { return static_cast<uint16_t>(hash_of_id_tag(id_tag)); }

/// Rounds up. An expiryDate never becomes 0, because 0 means that there is none.
uint32_t seconds_of(UnixMillis expires) {
  const UnixMillis seconds = (expires + 999) / 1000;
  if (seconds <= 0) return expires == 0 ? 0 : 1;
  return seconds > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(seconds);
}

bool same(const IdTagRecord& a, const IdTagRecord& b) {
  return a.status == b.status && a.expires == b.expires && a.parent == b.parent;
}

}  // namespace

AuthCache::AuthCache(Storage& storage, LocalList& list, const TimeSync& time, const Settings& settings, Logger& log)
    : storage_(storage), list_(list), time_(time), settings_(settings), log_(log) {
  list_search_.context = this;
  list_search_.done = [](void* context, IdTagFound found, const IdTagInfo&) {
    auto& self = *static_cast<AuthCache*>(context);
    self.is_job_running_ = false;
    if (self.is_void_) {
      self.is_void_ = false;
    } else if (found == IdTagFound::yes) {
      self.end_entry();
    } else {
      self.step_ = Step::compare;
      self.slot_ = 0;
    }
  };
}

// ---- at the start

void AuthCache::load() {
  const bool is_sound = load_head();
  if (is_sound) {
    load_files();
  } else {
    // The epoch is unknown, and without it a cleared entry looks like a valid one: no entry counts.
    for (const uint32_t file : NumberedFiles(storage_, kEntriesPrefix)) {
      const MutableBytes bytes = storage_.scratch();
      size_t length = 0;
      uint32_t epoch = 0;
      if (file >= kFiles) continue;
      stale_ |= uint32_t{1} << file;
      if (storage_.read(file_of(file).text(), bytes, length) != StorageResult::ok) continue;
      if (CacheFile::read_epoch({bytes.data, length}, epoch) && epoch >= epoch_) epoch_ = epoch + 1;
    }
    lose();
  }
  if (is_incomplete_) {
    log_.error(kTag, "the authorization cache has lost entries", kRejected);
  }
}

/// @return false when the file of the head is damaged.
bool AuthCache::load_head() {
  const MutableBytes bytes = storage_.scratch();
  size_t length = 0;
  const StorageResult result = storage_.read(kFile, bytes, length);
  if (result == StorageResult::not_found) return true;
  if (result != StorageResult::ok) return false;
  JsonError error;
  const JsonValue file = parse_json({reinterpret_cast<const char*>(bytes.data), length}, error);
  is_old_format_ = file.kind() == JsonKind::array;
  if (is_old_format_) return true;
  uint64_t epoch = 0;
  if (!file.find("epoch").get_unsigned(epoch) || !file.find("incomplete").get(is_incomplete_)) return false;
  epoch_ = static_cast<uint32_t>(epoch);
  return true;
}

void AuthCache::load_files() {
  for (const uint32_t file : NumberedFiles(storage_, kEntriesPrefix)) {
    const MutableBytes bytes = storage_.scratch();
    size_t length = 0;
    if (file >= kFiles) continue;
    const StorageResult result = storage_.read(file_of(file).text(), bytes, length);
    if (result == StorageResult::ok && CacheFile::is_sound({bytes.data, length})) {
      load_file(file, {bytes.data, length});
    } else {
      stale_ |= uint32_t{1} << file;
      lose();
    }
  }
}

void AuthCache::load_file(size_t file, Bytes content) {
  uint32_t epoch = 0;
  CacheFile::read_epoch(content, epoch);
  if (epoch != epoch_) {
    stale_ |= uint32_t{1} << file;
    return;
  }
  CacheEntry entry;
  for (size_t offset = 0; CacheFile::read(content, offset, entry);) {
    slots_[file * CacheFile::kSlots + entry.slot] = {entry.used, seconds_of(entry.record.expires),
                                                     short_hash(entry.record.id_tag), entry.record.status};
    if (entry.used >= next_used_) next_used_ = entry.used + 1;
  }
}

/// Marks the cache as incomplete. The head with this mark is written before the damaged file is removed.
void AuthCache::lose() {
  is_incomplete_ = true;
  is_head_changed_ = true;
}

// ---- search

bool AuthCache::find(CacheSearch& search) {
  search.cache = this;
  search.slot = 0;
  IdTagRecord record;
  if (!settings_.authorization_cache_enabled) {
    finish(search, IdTagFound::no, IdTagInfo());
    return true;
  }
  if (pending_.find(search.id_tag.text(), record)) {
    finish(search, IdTagFound::yes, record.info());
    return true;
  }
  return fetch(search);
}

/// The next slot that may have the idTag; kNone if there is none.
size_t AuthCache::next_slot(Text id_tag, size_t from) const {
  const uint16_t hash = short_hash(id_tag);
  while (from < kMaxEntries && (slots_[from].used == 0 || slots_[from].hash != hash)) ++from;
  return from;
}

bool AuthCache::fetch(CacheSearch& search) {
  search.slot = next_slot(search.id_tag.text(), search.slot);
  if (search.slot == kNone) {
    finish(search, IdTagFound::no, IdTagInfo());
    return true;
  }
  return storage_.fetch(file_of(file_of_slot(search.slot)).text(),
                        {[](void* context, StorageResult result, Bytes content, MutableBytes) {
                           auto& each = *static_cast<CacheSearch*>(context);
                           each.cache->take_file(each, result, content);
                         },
                         &search});
}

void AuthCache::take_file(CacheSearch& search, StorageResult result, Bytes content) {
  IdTagRecord record;
  // If the cache was cleared since the search began, the file is gone or has another epoch.
  if (result != StorageResult::ok && result != StorageResult::not_found) {
    return finish(search, IdTagFound::unreadable, IdTagInfo());
  }
  if (read_slot(content, search.slot, record) && equal_ignoring_case(record.id_tag, search.id_tag.text())) {
    slots_[search.slot].used = next_used_++;
    return finish(search, IdTagFound::yes, record.info());
  }
  ++search.slot;
  if (!fetch(search)) finish(search, IdTagFound::unreadable, IdTagInfo());
}

/// Reads the entry of a slot from the content of its file.
bool AuthCache::read_slot(Bytes content, size_t slot, IdTagRecord& record) const {
  uint32_t epoch = 0;
  if (!CacheFile::read_epoch(content, epoch) || epoch != epoch_) return false;
  CacheEntry entry;
  for (size_t offset = 0; CacheFile::read(content, offset, entry);) {
    if (entry.slot != slot % CacheFile::kSlots) continue;
    record = entry.record;
    return true;
  }
  return false;
}

void AuthCache::finish(const CacheSearch& search, IdTagFound found, const IdTagInfo& info) const {
  search.done(search.context, found, at_present(info, time_));
}

size_t AuthCache::size() const {
  size_t count = 0;
  for (const Slot& slot : slots_) count += slot.used != 0 ? 1 : 0;
  return count;
}

// ---- writing

void AuthCache::on_id_tag_info(Text id_tag, const IdTagInfo& info) {
  if (!settings_.authorization_cache_enabled) return;
  // ConcurrentTx describes this moment, not the idTag.
  if (info.status == AuthorizationStatus::concurrent_tx) return;
  if (!pending_.push(record_of(id_tag, info))) {
    log_.warning(kTag, "idTag ", id_tag,
                 " is not added to the authorization cache: too many entries wait for the flash");
  }
}

bool AuthCache::clear(StorageDone done) {
  if (is_clearing_) return false;
  // Jobs run in order: a pending write of entries ends before the head with the new epoch is written.
  const uint32_t before = epoch_;
  const bool was_incomplete = is_incomplete_;
  ++epoch_;
  is_incomplete_ = false;
  is_clearing_ = write_head({[](void* context, StorageResult result) {
                               auto& self = *static_cast<AuthCache*>(context);
                               self.is_clearing_ = false;
                               // The entries are gone from memory. Write the head again, so that their files become
                               // invalid too.
                               if (result != StorageResult::ok) self.is_head_changed_ = true;
                               if (self.cleared_.call != nullptr) self.cleared_.call(self.cleared_.context, result);
                             },
                             this});
  if (!is_clearing_) {
    epoch_ = before;
    is_incomplete_ = was_incomplete;
    return false;
  }
  cleared_ = done;
  for (size_t file = 0; file < kFiles; ++file) stale_ |= is_used(file) ? uint32_t{1} << file : 0;
  if (step_ != Step::idle) stale_ |= uint32_t{1} << file_of_slot(slot_ < kMaxEntries ? slot_ : 0);
  for (Slot& slot : slots_) slot = Slot();
  pending_.clear();
  old_pending_ = 0;
  step_ = Step::idle;
  is_void_ = is_job_running_;
  is_old_format_ = false;
  return true;
}

bool AuthCache::is_used(size_t file) const {
  for (size_t i = 0; i < CacheFile::kSlots; ++i) {
    if (slots_[file * CacheFile::kSlots + i].used != 0) return true;
  }
  return false;
}

Millis AuthCache::poll(Millis now) {
  while (!is_job_running_) {
    if (has_failed_) retry_at_ = now + kRetryPause;
    has_failed_ = false;
    const bool has_work = is_head_changed_ || stale_ != 0 || is_old_format_ || !pending_.empty();
    if (!has_work) return kNever;
    if (now < retry_at_) return retry_at_;
    if (!start_job()) return retry_at_ = now + kBusyPause;
  }
  return kNever;
}

/// Starts the next job, or does a step that needs no job. @return false when the storage has no room for the job now.
bool AuthCache::start_job() {
  if (is_head_changed_) {
    return is_job_running_ = write_head({[](void* context, StorageResult result) {
                                           auto& self = *static_cast<AuthCache*>(context);
                                           self.is_job_running_ = self.is_void_ = false;
                                           if (result != StorageResult::ok) return self.failed(result);
                                           self.is_head_changed_ = false;
                                         },
                                         this});
  }
  if (stale_ != 0) return is_job_running_ = remove_stale();
  if (!pending_.empty()) return continue_entry();
  return is_job_running_ = take_old_entries();
}

bool AuthCache::write_head(StorageDone done) {
  char content[kMaxHead];
  JsonWriter json{Span<char>(content)};
  json.begin_object().member("epoch", epoch_).member("incomplete", is_incomplete_).end_object();
  return storage_.write(kFile, json.text().bytes(), done);
}

bool AuthCache::remove_stale() {
  removed_ = 0;
  while ((stale_ >> removed_ & 1) == 0) ++removed_;
  return storage_.remove(file_of(removed_).text(), {[](void* context, StorageResult result) {
                                                      auto& self = *static_cast<AuthCache*>(context);
                                                      self.is_job_running_ = self.is_void_ = false;
                                                      if (result != StorageResult::ok) return self.failed(result);
                                                      self.stale_ &= ~(uint32_t{1} << self.removed_);
                                                    },
                                                    this});
}

/// Reads a file. @tparam take receives the content, unless the cache was cleared meanwhile
template <void (AuthCache::*take)(StorageResult, Bytes, MutableBytes)>
bool AuthCache::read_for(Text file) {
  return storage_.fetch(file, {[](void* context, StorageResult result, Bytes content, MutableBytes buffer) {
                                 auto& self = *static_cast<AuthCache*>(context);
                                 self.is_job_running_ = false;
                                 if (!self.is_void_) (self.*take)(result, content, buffer);
                                 self.is_void_ = false;
                               },
                               this});
}

/// Adds the next entries from the file of an earlier version. That file is replaced only when all its entries are
/// written. After a power cut before that, some entries are added again, which does no harm.
bool AuthCache::take_old_entries() { return read_for<&AuthCache::take_old_file>(kFile); }

void AuthCache::take_old_file(StorageResult result, Bytes content, MutableBytes /*buffer*/) {
  if (result != StorageResult::ok && result != StorageResult::not_found) return failed(result);
  // The CSMS has answered since the read began. These later entries come first.
  if (!pending_.empty()) return;
  JsonError error;
  const JsonValue file = parse_json({reinterpret_cast<const char*>(content.data), content.length}, error);
  size_t index = 0;
  for (JsonItems items(file); items.next(); ++index) {
    IdTag id_tag;
    IdTagInfo info;
    if (index < old_taken_) continue;
    if (!items.value().find("idTag").get(id_tag)) {
      // An object without an idTag means that entries were lost (FORMAT.md).
      is_incomplete_ = true;
    } else {
      info.read(items.value(), log_);
      // Leave room for answers of the CSMS.
      if (!pending_.empty() && pending_.room() < 3 * IdTagRecord::kMaxAscii) break;
      if (!pending_.push(record_of(id_tag.text(), info))) break;
      ++old_pending_;
    }
    old_taken_ = index + 1;
  }
  if (!pending_.empty()) return;
  is_old_format_ = false;
  is_head_changed_ = true;
}

/// Continues to store the oldest pending entry.
bool AuthCache::continue_entry() {
  IdTagRecord record;
  pending_.front(record);
  if (step_ == Step::idle) step_ = Step::look_in_list;
  if (step_ == Step::look_in_list) {
    list_search_.id_tag.assign(record.id_tag);
    // The result may come at once.
    is_job_running_ = true;
    if (list_.find(list_search_)) return true;
    return is_job_running_ = false;
  }
  if (step_ == Step::compare) return compare();
  return make_room();
}

/// Reads the entry that may have the same idTag.
bool AuthCache::compare() {
  IdTagRecord record;
  pending_.front(record);
  slot_ = next_slot(record.id_tag, slot_);
  if (slot_ == kNone) {
    step_ = Step::make_room;
    return true;
  }
  return is_job_running_ = read_for<&AuthCache::take_compared>(file_of(file_of_slot(slot_)).text());
}

void AuthCache::take_compared(StorageResult result, Bytes content, MutableBytes buffer) {
  if (result != StorageResult::ok) return cannot_read(result);
  IdTagRecord record;
  IdTagRecord stored;
  pending_.front(record);
  if (!read_slot(content, slot_, stored) || !equal_ignoring_case(stored.id_tag, record.id_tag)) {
    ++slot_;
    return;
  }
  // An entry that is already in the cache is newer than those of the earlier version's file, so it stays.
  if (old_pending_ == 0 && !same(stored, record)) {
    if (!put(CacheFile(buffer, content, epoch_))) step_ = Step::idle;
    return;
  }
  // Do not write to flash if only the age has changed.
  slots_[slot_].used = next_used_++;
  end_entry();
}

bool AuthCache::make_room() {
  slot_ = victim();
  const size_t file = file_of_slot(slot_);
  if (!is_used(file)) {
    uint8_t content[4 + 5 + IdTagRecord::kMaxEncoded];
    return put(CacheFile(content, epoch_));
  }
  return is_job_running_ = read_for<&AuthCache::take_victim>(file_of(file).text());
}

void AuthCache::take_victim(StorageResult result, Bytes content, MutableBytes buffer) {
  if (result != StorageResult::ok) return cannot_read(result);
  if (!put(CacheFile(buffer, content, epoch_))) step_ = Step::idle;
}

/// Writes the oldest pending entry into its slot. @return false when the storage has no room for the job now.
bool AuthCache::put(CacheFile file) {
  CacheEntry entry;
  pending_.front(entry.record);
  entry.slot = static_cast<uint8_t>(slot_ % CacheFile::kSlots);
  entry.used = next_used_++;
  written_ = {entry.used, seconds_of(entry.record.expires), short_hash(entry.record.id_tag), entry.record.status};
  file.put(entry);
  return is_job_running_ = storage_.write(
             file_of(file_of_slot(slot_)).text(), file.content(),
             {[](void* self, StorageResult result) { static_cast<AuthCache*>(self)->written(result); }, this});
}

void AuthCache::written(StorageResult result) {
  is_job_running_ = false;
  const bool is_void = is_void_;
  is_void_ = false;
  if (is_void) return;
  if (result != StorageResult::ok) return failed(result);
  slots_[slot_] = written_;
  end_entry();
}

void AuthCache::end_entry() {
  pending_.drop_front();
  if (old_pending_ != 0) --old_pending_;
  step_ = Step::idle;
}

/// The slot for a new entry: a free slot, or the slot of the entry to remove. By OCPP 1.6 section 3.5.1, entries that
/// are not valid are removed first. A Blocked entry is treated like an Accepted one, not like an invalid one: without
/// the entry the idTag is unknown, and AllowOfflineTxForUnknownId could let it charge.
size_t AuthCache::victim() const {
  size_t oldest = 0;
  size_t oldest_invalid = kNone;
  for (size_t i = 0; i < kMaxEntries; ++i) {
    const Slot& slot = slots_[i];
    if (slot.used == 0) return i;
    if (slot.used < slots_[oldest].used) oldest = i;
    const bool is_invalid =
        slot.status == AuthorizationStatus::invalid || slot.status == AuthorizationStatus::expired || has_expired(slot);
    if (is_invalid && (oldest_invalid == kNone || slot.used < slots_[oldest_invalid].used)) oldest_invalid = i;
  }
  return oldest_invalid == kNone ? oldest : oldest_invalid;
}

bool AuthCache::has_expired(const Slot& slot) const {
  return slot.status == AuthorizationStatus::accepted && slot.expires_s != 0 && time_.quality() != TimeQuality::none &&
         time_.now() >= UnixMillis{1000} * slot.expires_s;
}

/// Handles a failed read of the file of slot_. If the file itself cannot be used, its entries are lost; after any other
/// failure the read is retried.
void AuthCache::cannot_read(StorageResult result) {
  const bool is_lost =
      result == StorageResult::corrupt || result == StorageResult::newer || result == StorageResult::not_found;
  if (!is_lost) return failed(result);
  const size_t file = file_of_slot(slot_);
  for (size_t i = 0; i < CacheFile::kSlots; ++i) slots_[file * CacheFile::kSlots + i] = Slot();
  stale_ |= uint32_t{1} << file;
  lose();
  step_ = Step::idle;
  log_.error(kTag, file_of(file).text(), " cannot be read (", name_of(result),
             "), the authorization cache has lost entries", kRejected);
}

void AuthCache::failed(StorageResult result) {
  has_failed_ = true;
  // After the pause the entry is compared again, because the cache can be cleared during the pause.
  step_ = Step::idle;
  log_.warning(kTag, "the authorization cache was not stored: ", name_of(result));
}

}  // namespace pb
