#include "features/auth_cache/auth_cache.h"

namespace pb {
namespace {

constexpr Text kTag = "auth";

bool same(const IdTagInfo& a, const IdTagInfo& b) {
  return a.status == b.status && a.expires == b.expires && a.parent.text() == b.parent.text();
}

}  // namespace

void AuthCache::load() {
  const MutableBytes bytes = storage_.scratch();
  size_t length = 0;
  const StorageResult result = storage_.read(kFile, bytes, length);
  if (result == StorageResult::not_found) return;
  JsonError error;
  const JsonValue file = result == StorageResult::ok
                             ? parse_json({reinterpret_cast<const char*>(bytes.data), length}, error)
                             : JsonValue();
  is_incomplete_ = file.kind() != JsonKind::array;
  for (JsonItems items(file); items.next() && count_ < kMaxEntries;) {
    Entry& entry = entries_[count_];
    if (items.value().find("idTag").get(entry.id_tag)) {
      entry.info.read(items.value(), log_);
      ++count_;
    } else {
      is_incomplete_ = true;
    }
  }
  if (is_incomplete_) {
    log_.error(kTag,
               "the authorization cache has lost entries: offline, unknown idTags are refused until "
               "ClearCache");
  }
}

bool AuthCache::find(Text id_tag, IdTagInfo& info) const {
  const size_t index = index_of(id_tag);
  if (index == count_ || !settings_.authorization_cache_enabled) return false;
  info = entries_[index].info;
  if (has_expired(info)) info.status = AuthorizationStatus::expired;
  return true;
}

bool AuthCache::has_expired(const IdTagInfo& info) const {
  const bool timed = info.status == AuthorizationStatus::accepted && info.expires != 0;
  return timed && (time_.quality() == TimeQuality::none || time_.now() >= info.expires);
}

void AuthCache::on_id_tag_info(Text id_tag, const IdTagInfo& info) {
  if (!settings_.authorization_cache_enabled) return;
  // ConcurrentTx describes this moment, not the idTag.
  if (info.status == AuthorizationStatus::concurrent_tx) return;
  const size_t index = index_of(id_tag);
  // A changed order alone is not worth a write to flash.
  const bool is_new = index == count_ || !same(entries_[index].info, info);
  if (index < count_) {
    remove(index);
  } else if (count_ == kMaxEntries) {
    evict_one();
  }
  if (!entries_[count_].id_tag.assign(id_tag)) return;
  entries_[count_++].info = info;
  dirty_ = dirty_ || is_new;
}

bool AuthCache::clear(StorageDone done) {
  // Storage jobs keep their order: the removal follows a pending write.
  if (!storage_.remove(kFile, done)) return false;
  count_ = 0;
  is_incomplete_ = false;
  dirty_ = false;
  return true;
}

Millis AuthCache::poll(Millis now) {
  if (failed_) {
    failed_ = false;
    save_retry_at_ = now + kRetryPause;
  }
  if (!dirty_ || saving_) return kNever;
  if (now < save_retry_at_) return save_retry_at_;
  const MutableBytes bytes = storage_.scratch();
  if (bytes.empty()) return save_retry_at_ = now + kRetryPause;
  const Text content = encode({reinterpret_cast<char*>(bytes.data), bytes.length});
  saving_ = storage_.write(kFile, content.bytes(),
                           {[](void* context, StorageResult result) {
                              auto& self = *static_cast<AuthCache*>(context);
                              self.saving_ = false;
                              self.failed_ = result != StorageResult::ok;
                              if (!self.failed_) return;
                              self.dirty_ = true;
                              self.log_.warning(kTag, "the authorization cache was not stored: ", name_of(result));
                            },
                            this});
  if (!saving_) return save_retry_at_ = now + kRetryPause;
  dirty_ = false;
  return kNever;
}

size_t AuthCache::index_of(Text id_tag) const {
  size_t index = 0;
  while (index < count_ && !equal_ignoring_case(entries_[index].id_tag.text(), id_tag)) ++index;
  return index;
}

/// OCPP 1.6 section 3.5.1: entries that are not valid are removed first, then the oldest.
void AuthCache::evict_one() {
  for (size_t i = 0; i < count_; ++i) {
    const IdTagInfo& info = entries_[i].info;
    if (info.status != AuthorizationStatus::accepted || has_expired(info)) return remove(i);
  }
  remove(0);
}

void AuthCache::remove(size_t index) {
  --count_;
  for (size_t i = index; i < count_; ++i) entries_[i] = entries_[i + 1];
}

Text AuthCache::encode(Span<char> into) {
  while (true) {
    JsonWriter json(into);
    json.begin_array();
    // An entry without an idTag marks the file as incomplete.
    if (is_incomplete_) json.begin_object().end_object();
    for (size_t i = 0; i < count_; ++i) {
      const IdTagInfo& info = entries_[i].info;
      json.begin_object().member("idTag", entries_[i].id_tag.text()).member("status", name_of(info.status));
      if (info.expires != 0) json.member("expiryDate", format_timestamp(info.expires).text());
      if (!info.parent.empty()) json.member("parentIdTag", info.parent.text());
      json.end_object();
    }
    json.end_array();
    if (json.ok()) return json.text();
    evict_one();
  }
}

}  // namespace pb
