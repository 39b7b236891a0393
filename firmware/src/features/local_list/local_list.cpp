#include "features/local_list/local_list.h"

#include "features/config/keys.h"
#include "features/transactions/numbered_files.h"

namespace pb {
namespace {

constexpr Text kTag = "auth";

static_assert(LocalList::kMaxEntries == kLocalListEntries && ListUpdate::kMaxEntries == kLocalListEntriesOfMessage,
              "GetConfiguration reports the limits");
static_assert(2 * ListHead::kMaxPages <= 64, "the files are bits of one number");
static_assert(2 * ListHead::kMaxPages <= NumberedFiles::kMax, "all files are seen at the start");
// Each page except the last one is so full that no further record fits.
static_assert(LocalList::kMaxEntries * IdTagRecord::kMaxAscii <=
                  (ListHead::kMaxPages - 1) * (Storage::kMaxContent - IdTagRecord::kMaxAscii),
              "the longest list of ASCII texts fits");

FileName file_of(uint32_t number) { return numbered_file(LocalList::kPagePrefix, number); }

}  // namespace

// ---- at the start

void LocalList::load() {
  const MutableBytes bytes = storage_.scratch();
  size_t length = 0;
  const StorageResult result = storage_.read(kFile, bytes, length);
  if (result == StorageResult::newer) return lose("it was written by a newer firmware");
  for (const uint32_t number : NumberedFiles(storage_, kPagePrefix)) {
    if (number < 2 * ListHead::kMaxPages) stale_ |= uint64_t{1} << number;
  }
  if (result == StorageResult::not_found) return;
  if (result != StorageResult::ok || !head_.decode({bytes.data, length})) return lose("its file is damaged");
  // Do not remove the files of a damaged list, so that the next start detects the damage too.
  stale_ &= ~head_.files();
  if (!check_pages()) lose("a page is damaged");
}

bool LocalList::check_pages() {
  size_t entries = 0;
  for (size_t page = 0; page < head_.pages; ++page) {
    const MutableBytes bytes = storage_.scratch();
    size_t length = 0;
    size_t records = 0;
    if (storage_.read(file_of(head_.file_of(page)).text(), bytes, length) != StorageResult::ok) return false;
    if (!ListPage::count({bytes.data, length}, records)) return false;
    entries += records;
  }
  return entries == head_.entries;
}

void LocalList::lose(Text cause) {
  // Keep the number of the set, so that a full update writes into the other set of pages.
  const uint32_t set = head_.set;
  head_ = ListHead();
  head_.set = set;
  is_incomplete_ = true;
  log_.error(kTag, "the local authorization list is lost: ", cause,
             "; offline, unknown idTags are rejected until the CSMS sends a full list");
}

// ---- search

bool LocalList::find(ListSearch& search) {
  search.list = this;
  if (!settings_.local_auth_list_enabled || head_.pages == 0) {
    finish(search, IdTagFound::no, IdTagInfo());
    return true;
  }
  search.page = head_.page_of(hash_of_id_tag(search.id_tag.text()));
  return fetch_page(search);
}

bool LocalList::fetch_page(ListSearch& search) {
  return storage_.fetch(file_of(head_.file_of(search.page)).text(),
                        {[](void* context, StorageResult result, Bytes content, MutableBytes) {
                           auto& each = *static_cast<ListSearch*>(context);
                           each.list->take_page(each, result, content);
                         },
                         &search});
}

void LocalList::take_page(ListSearch& search, StorageResult result, Bytes content) {
  if (result != StorageResult::ok) return finish(search, IdTagFound::unreadable, IdTagInfo());
  const Text id_tag = search.id_tag.text();
  IdTagRecord record;
  if (ListPage::find(content, id_tag, record)) {
    IdTagInfo info = record.info();
    // ConcurrentTx is a valid status of an entry (section 3.5.2). But it describes a moment, so read it as Accepted.
    if (info.status == AuthorizationStatus::concurrent_tx) info.status = AuthorizationStatus::accepted;
    return finish(search, IdTagFound::yes, at_present(info, time_));
  }
  // Entries with the same hash may continue on the next page.
  const size_t next = search.page + 1;
  if (next >= head_.pages || head_.from[next] != hash_of_id_tag(id_tag)) {
    return finish(search, IdTagFound::no, IdTagInfo());
  }
  search.page = next;
  if (!fetch_page(search)) finish(search, IdTagFound::unreadable, IdTagInfo());
}

void LocalList::finish(ListSearch& search, IdTagFound found, const IdTagInfo& info) {
  search.done(search.context, found, info);
}

// ---- update

void LocalList::start(Kind kind, int64_t version, StorageDone done) {
  update_done_ = done;
  next_ = ListHead();
  next_.version = version;
  next_.set = 1 - head_.set;
  page_.clear();
  old_page_ = old_offset_ = update_offset_ = 0;
  old_pages_ = kind == Kind::full ? 0 : head_.pages;
  step_ = Step::merge;
}

Millis LocalList::poll(Millis now) {
  if (removal_failed_) {
    removal_failed_ = false;
    retry_at_ = now + kRetryPause;
  }
  if (is_job_running_ || (stale_ == 0 && step_ == Step::idle)) return kNever;
  if (now < retry_at_) return retry_at_;
  is_job_running_ = start_job();
  if (is_job_running_ || (stale_ == 0 && step_ == Step::idle)) return kNever;
  return retry_at_ = now + kBusyPause;
}

/// Starts the next job. An update begins only when the old files of the last update are removed, because the new files
/// have the same names.
bool LocalList::start_job() {
  if (stale_ != 0) return start_removal();
  if (step_ == Step::merge && old_page_ < old_pages_) {
    return storage_.fetch(file_of(head_.file_of(old_page_)).text(),
                          {[](void* context, StorageResult result, Bytes content, MutableBytes) {
                             auto& self = *static_cast<LocalList*>(context);
                             self.is_job_running_ = false;
                             if (result != StorageResult::ok) return self.fail(result);
                             self.merge(content);
                           },
                           this});
  }
  if (step_ == Step::merge && !merge_rest()) return false;
  if (step_ == Step::write_page) {
    return storage_.write(file_of(next_.file_of(next_.pages - 1)).text(), page_.content(), done());
  }
  if (step_ == Step::check_head) {
    return storage_.fetch(kFile, {[](void* self, StorageResult result, Bytes content, MutableBytes) {
                                    static_cast<LocalList*>(self)->check_head(result, content);
                                  },
                                  this});
  }
  char content[ListHead::kMaxEncoded];
  return storage_.write(kFile, next_.encode(content), done());
}

bool LocalList::start_removal() {
  uint32_t number = 0;
  while ((stale_ >> number & 1) == 0) ++number;
  return storage_.remove(file_of(number).text(), {[](void* context, StorageResult result) {
                                                    auto& self = *static_cast<LocalList*>(context);
                                                    self.is_job_running_ = false;
                                                    self.removal_failed_ = result != StorageResult::ok;
                                                    if (!self.removal_failed_) self.stale_ &= self.stale_ - 1;
                                                  },
                                                  this});
}

/// Takes the entries after the last old page. @return false when the update has failed.
bool LocalList::merge_rest() {
  IdTagRecord record;
  for (size_t next = update_offset_; update_.read(next, record); update_offset_ = next) {
    if (!record.is_removal && !emit(record)) {
      end_page();
      return step_ != Step::idle;
    }
  }
  if (page_.empty()) {
    step_ = Step::write_head;
    if (next_.entries == 0) next_.version = 0;
  } else {
    end_page();
  }
  return step_ != Step::idle;
}

/// Merges an old page with the update, until the new page is full.
void LocalList::merge(Bytes page) {
  IdTagRecord old;
  IdTagRecord changed;
  while (old_offset_ < page.length) {
    const size_t size = old.decode(page.after(old_offset_));
    if (size == 0) return fail(StorageResult::corrupt);
    size_t next = update_offset_;
    const int order = update_.read(next, changed) ? compare_id_tags(changed.id_tag, old.id_tag) : 1;
    if (order > 0) {
      if (!emit(old)) return end_page();
    } else {
      if (!changed.is_removal && !emit(changed)) return end_page();
      update_offset_ = next;
      if (order < 0) continue;
    }
    old_offset_ += size;
  }
  old_offset_ = 0;
  ++old_page_;
}

/// Appends a record to the new page. @return false when the page is full.
bool LocalList::emit(const IdTagRecord& record) {
  const bool is_first = page_.empty();
  if (!page_.append(record)) return false;
  if (is_first && next_.pages < ListHead::kMaxPages) {
    next_.from[next_.pages] = hash_of_id_tag(record.id_tag);
  }
  ++next_.entries;
  return true;
}

/// The new page is complete: the next job writes it.
void LocalList::end_page() {
  if (next_.pages == ListHead::kMaxPages || next_.entries > kMaxEntries) {
    log_.warning(kTag, "the local authorization list is not updated: it would have more than ", kMaxEntries,
                 " entries, or ", ListHead::kMaxPages, " pages");
    return fail(StorageResult::too_large);
  }
  ++next_.pages;
  step_ = Step::write_page;
}

StorageDone LocalList::done() {
  return {[](void* self, StorageResult result) { static_cast<LocalList*>(self)->written(result); }, this};
}

void LocalList::written(StorageResult result) {
  is_job_running_ = false;
  if (result != StorageResult::ok && step_ == Step::write_head) {
    // A write that has failed may still have reached the flash. Read the head back, because the pages that it names
    // must stay.
    write_result_ = result;
    step_ = Step::check_head;
    return;
  }
  if (result != StorageResult::ok) return fail(result);
  if (step_ == Step::write_head) return commit();
  page_.clear();
  step_ = Step::merge;
}

/// Reads the head on flash, and decides by it whether the update is done.
void LocalList::check_head(StorageResult result, Bytes content) {
  is_job_running_ = false;
  char expected[ListHead::kMaxEncoded];
  const Bytes next = next_.encode(expected);
  const bool is_there = content.length == next.length && memcmp(content.data, next.data, next.length) == 0;
  if (result == StorageResult::ok && is_there) return commit();
  if (result == StorageResult::ok || result == StorageResult::not_found) return fail(write_result_);
  // The head cannot be read, so both sets of pages stay.
  next_ = ListHead();
  fail(write_result_);
}

void LocalList::commit() {
  stale_ |= head_.files() & ~next_.files();
  head_ = next_;
  is_incomplete_ = false;
  step_ = Step::idle;
  log_.info(kTag, "the local authorization list has version ", head_.version, " with ", head_.entries, " entries");
  if (update_done_.call != nullptr) update_done_.call(update_done_.context, StorageResult::ok);
}

void LocalList::fail(StorageResult result) {
  stale_ |= next_.files();
  step_ = Step::idle;
  if (update_done_.call != nullptr) update_done_.call(update_done_.context, result);
}

}  // namespace pb
