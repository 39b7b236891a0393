#pragma once

#include "features/config/settings.h"
#include "features/local_list/list_head.h"
#include "features/local_list/list_page.h"
#include "features/local_list/list_update.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/time_sync/time_sync.h"
#include "runtime/feature.h"

namespace pb {

/// The result of a search for an idTag.
enum class IdTagFound : uint8_t {
  no,
  yes,
  unreadable,  ///< its place on flash cannot be read: it may be there
};

class LocalList;

/// One search in the local list. Its owner keeps it until `done` has been called.
struct ListSearch {
  IdTag id_tag;
  /// Receives the result on the loop, perhaps inside LocalList::find. @param info as of this moment; valid if found
  void (*done)(void* context, IdTagFound found, const IdTagInfo& info) = nullptr;
  void* context = nullptr;

  LocalList* list = nullptr;  ///< `list` and the next member are for LocalList only
  size_t page = 0;
};

/// The Local Authorization List (OCPP 1.6 section 3.5.2), in files that survive power cuts. The entries are sorted by a
/// hash of their idTag, in pages of at most 2,048 bytes. A search reads the one page that can have the idTag; memory
/// holds only the hash at which each page begins.
///
/// An update merges the present pages with its entries into a second set of pages, and then replaces `auth_list`, which
/// names the set that is valid. After a power cut the list is therefore exactly the old list or the new list.
class LocalList final : public Feature {
 public:
  static constexpr Text kFile = "auth_list";
  static constexpr Text kPagePrefix = "list-";
  /// LocalAuthListMaxLength. This many entries always fit if their texts are ASCII.
  static constexpr size_t kMaxEntries = 500;
  /// Pause after a failed write or removal, and after the storage had no room for a job, in ms.
  static constexpr Millis kRetryPause = 5'000;
  static constexpr Millis kBusyPause = 50;

  enum class Kind : uint8_t { full, differential };

  LocalList(Storage& storage, const TimeSync& time, const Settings& settings, Logger& log)
      : storage_(storage), time_(time), settings_(settings), log_(log) {}

  /// Reads and checks all files; called once, before the loop runs. A list with a damaged file, or of a newer firmware,
  /// counts as empty and incomplete until a full update replaces it.
  void load();

  /// The version of the list; 0: it is empty.
  int64_t version() const { return head_.version; }
  size_t entries() const { return head_.entries; }
  /// Whether entries were lost with a damaged file: an unknown idTag may be a blocked one.
  bool is_incomplete() const { return is_incomplete_ && settings_.local_auth_list_enabled; }

  /// Searches for an idTag and calls `done` once, immediately if the list is empty or disabled (LocalAuthListEnabled).
  /// ConcurrentTx is a valid entry (section 3.5.2) and is reported as Accepted.
  /// @return false, without a call of `done`, when the storage cannot start the search now.
  bool find(ListSearch& search);

  /// Whether an update is in progress.
  bool is_updating() const { return step_ != Step::idle; }
  /// The entries of the next update, which the caller fills. Only while no update is in progress.
  ListUpdate& update() { return update_; }
  /// Starts the update. @param version becomes the version of the list, unless the update leaves the list empty
  /// @param done receives `ok` when the new list is durable and in effect; with any other result the old list remains
  void start(Kind kind, int64_t version, StorageDone done);

  const char* name() const override { return "local_list"; }
  Millis poll(Millis now) override;

 private:
  enum class Step : uint8_t { idle, merge, write_page, write_head, check_head };

  bool check_pages();
  void lose(Text cause);
  bool fetch_page(ListSearch& search);
  void take_page(ListSearch& search, StorageResult result, Bytes content);
  static void finish(ListSearch& search, IdTagFound found, const IdTagInfo& info);
  bool start_job();
  bool start_removal();
  bool merge_rest();
  void merge(Bytes page);
  bool emit(const IdTagRecord& record);
  void end_page();
  void written(StorageResult result);
  void commit();
  void check_head(StorageResult result, Bytes content);
  void fail(StorageResult result);
  StorageDone done();

  Storage& storage_;
  const TimeSync& time_;
  const Settings& settings_;
  Logger& log_;

  ListHead head_;
  bool is_incomplete_ = false;
  uint64_t stale_ = 0;  ///< files that no list needs any more, one bit for each number

  // The update in progress.
  Step step_ = Step::idle;
  StorageResult write_result_ = StorageResult::ok;  ///< the result of the head's write, if it failed
  ListUpdate update_ = {};
  ListHead next_;
  ListPage page_ = {};
  StorageDone update_done_;
  size_t old_page_ = 0;
  size_t old_pages_ = 0;   ///< 0 in a full update
  size_t old_offset_ = 0;  ///< the place in the old page
  size_t update_offset_ = 0;

  bool is_job_running_ = false;
  bool removal_failed_ = false;
  Millis retry_at_ = 0;
};

}  // namespace pb
