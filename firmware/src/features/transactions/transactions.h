#pragma once

#include "core/feature.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/messenger.h"
#include "features/storage/storage.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/record.h"
#include "port/rng.h"

namespace pb {

/// Hears what the CSMS thinks of a transaction that is still open.
class TransactionListener {
 public:
  /// The CSMS has answered StartTransaction, but does not accept the idTag.
  virtual void on_start_not_accepted(Text status, Millis now) = 0;

 protected:
  ~TransactionListener() = default;
};

/// Hears what the CSMS says of an idTag in its answers to StartTransaction and StopTransaction.
class IdTagInfoListener {
 public:
  /// @param info an IdTagInfo of OCPP 1.6 (section 7.27), as the CSMS sent it, valid during the call
  virtual void on_id_tag_info(Text id_tag, JsonValue info) = 0;

 protected:
  ~IdTagInfoListener() = default;
};

/// How OCPP 1.6 wants refused transaction messages repeated (sections 9.1.26 and 9.1.27).
struct TransactionRetries {
  uint32_t attempts = 3;
  Millis interval = 60'000;
};

/// The transaction messages: StartTransaction, MeterValues, StopTransaction. Each is a small file from the moment it is
/// made until the CSMS has answered it, so they survive a power cut, and go out in the order in which they were made.
/// Full, it thins out meter values; begin() refuses before a start or stop would be lost.
class Transactions final : public Feature, public DurableCalls {
 public:
  /// Files on flash at most, besides the ledger. More of them would make the file system slow.
  static constexpr size_t kMaxRecords = 48;
  /// Records that are not on flash yet, or cannot be put there because it is full.
  static constexpr size_t kMaxUnsaved = 6;
  /// The register is saved at least this often while no transaction message saves it.
  static constexpr uint64_t kSaveEveryWh = 100;

  Transactions(Storage& storage, const TimeSync& time, Rng& rng, Logger& log);

  void set_listener(TransactionListener& listener) { listener_ = &listener; }
  void set_id_tag_listener(IdTagInfoListener& listener) { id_tag_listener_ = &listener; }
  void set_retries(TransactionRetries retries) { retries_ = retries; }

  /// Reads what the last boot left behind, and ends a transaction that it left open, with the energy last saved.
  /// Once, before the loop runs. @param reason why this boot came about
  void load(StopReason reason, Millis now);

  /// Opens a transaction. @return false, with the cause logged, when one is open or there is no room for its messages.
  bool begin(Text id_tag, uint64_t energy_wh, Millis now);
  /// Adds a meter value to the open transaction.
  void sample(uint64_t energy_wh, Millis now);
  /// Ends the open transaction. @param id_tag of whoever ended it, or empty
  void end(StopReason reason, Text id_tag, uint64_t energy_wh, Millis now);

  bool open() const { return open_ != 0; }
  Text id_tag() const { return id_tag_.text(); }
  /// The id that the CSMS gave the open transaction. @return false while it has not.
  bool transaction_id(int64_t& id) const;

  /// The energy register as last saved: where to go on counting after load().
  uint64_t energy_wh() const { return ledger_.energy_wh; }
  /// Tells the register's reading, which is saved now and then.
  void note_energy(uint64_t energy_wh);
  /// Saves the register now: the supply is failing.
  void save_energy(uint64_t energy_wh);

  /// True when all that was made is on flash, or cannot get there.
  bool all_saved() const;
  /// Messages given up since the start: refused too often, damaged, or thinned out.
  uint32_t dropped() const { return dropped_; }

  const char* name() const override { return "transactions"; }
  Millis poll(Millis now) override;

  Front front(Millis now, Millis& queued_at) override;
  bool write_front(JsonWriter& payload, MessageId& id, Text& action, Millis now) override;
  bool on_result(Text id, JsonValue payload, Millis now) override;
  bool on_error(Text id, Text code, Millis now) override;
  void on_timeout(Millis now) override;
  void on_disconnected(Millis now) override;
  Millis next_due() const override;
  size_t size() const override;

 private:
  static constexpr size_t kNoSlot = SIZE_MAX;
  static constexpr Millis kSaveAgain = 5'000;

  enum class State : uint8_t { unsaved, saving, saved, unsavable, removing };

  struct Entry {
    uint32_t sequence = 0;
    uint32_t transaction = 0;
    Record::Type type = Record::Type::start;
    State state = State::unsaved;
    Millis queued_at = 0;  // 0 for those of an earlier boot
    size_t slot = kNoSlot;
  };
  enum class Job : uint8_t { none, save_record, save_ledger, remove_record };

  // The line.
  bool add(Record& record, Millis now);
  Entry* find(uint32_t sequence);
  size_t index_of_front() const;
  void take_out(size_t index);
  bool thin_out();
  size_t room() const { return kMaxRecords - count_; }
  bool has_free_slot() const;
  bool read(const Entry& entry, Record& record);

  // The flash: one job of ours at a time.
  void start_job();
  bool post(Job job, uint32_t sequence);
  static void on_job_done(void* self, StorageResult result);
  void job_done(StorageResult result);
  bool ledger_must_go_first(const Entry& entry) const;

  // The front.
  bool is_front(Text id) const;
  void tell_id_tag_info(const Entry& entry, JsonValue info);
  void acknowledge(Entry& entry);
  void failed_attempt(Text cause, Millis now);
  void give_up(Entry& entry, Text cause);

  // The boot.
  void load_ledger();
  void load_records();
  void end_what_was_left_open(StopReason reason, Millis now);

  Stamp stamp(Millis now) const;
  UnixMillis wall_ms(const Stamp& stamp) const;
  void write_payload(JsonWriter& json, const Record& record);

  Storage& storage_;
  const TimeSync& time_;
  Rng& rng_;
  Logger& log_;
  TransactionListener* listener_ = nullptr;
  IdTagInfoListener* id_tag_listener_ = nullptr;
  TransactionRetries retries_;
  uint32_t boot_;

  Ledger ledger_;  // as it should be on flash
  Ledger saved_ledger_;
  bool ledger_dirty_ = false;
  Ledger ledger_under_way_;

  Entry entries_[kMaxRecords];  // by sequence
  size_t count_ = 0;
  Record slots_[kMaxUnsaved];
  bool slot_used_[kMaxUnsaved] = {};

  Job job_ = Job::none;
  uint32_t job_sequence_ = 0;
  Millis save_again_ = 0;  // after a job that failed
  bool job_failed_ = false;

  uint32_t open_ = 0;
  IdTag id_tag_;

  MessageId front_id_;     // of the record at the front, without a suffix for repetitions
  uint32_t attempts_ = 0;  // that were refused or not answered
  uint32_t sendings_ = 0;  // on this connection
  Millis retry_at_ = 0;
  UnixMillis last_wall_ms_ = 0;  // of the last message written
  uint32_t dropped_ = 0;
};

}  // namespace pb
