#pragma once

#include "core/feature.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/messenger.h"
#include "features/storage/storage.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/meter_batch.h"
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

/// The transaction messages: StartTransaction, MeterValues, StopTransaction. They are kept in small files from the
/// moment they are made until the CSMS has answered them, so they survive a power cut, and go out in the order in which
/// they were made. Samples that wait share a file, MeterBatch::kMaxSamples of them; each is a message of its own. Full,
/// it thins out meter values; begin() refuses before a start or stop would be lost.
class Transactions final : public Feature, public DurableCalls {
 public:
  /// Files that wait at most, besides the ledger. More of them would make the file system slow.
  static constexpr size_t kMaxRecords = 72;
  /// Files kept free for what must not wait until samples are thinned out.
  static constexpr size_t kSpare = 4;
  /// Samples of one charge that wait without loss: what is beyond start, stop and the files kept free is samples.
  static constexpr size_t kMaxSamples = (kMaxRecords - kSpare - 2) * MeterBatch::kMaxSamples;
  /// Records that are not on flash yet, or cannot be put there because it is full.
  static constexpr size_t kMaxUnsaved = 6;
  /// The register is saved at least this often while no transaction message saves it.
  static constexpr uint64_t kSaveEveryWh = 100;

  Transactions(Storage& storage, const TimeSync& time, Rng& rng, Logger& log);

  void set_listener(TransactionListener& listener) { listener_ = &listener; }
  void set_id_tag_listener(IdTagInfoListener& listener) { id_tag_listener_ = &listener; }
  void set_retries(TransactionRetries retries) { retries_ = retries; }

  /// What to do with a transaction that the last boot left open.
  enum class LeftOpen : uint8_t { end, keep };

  /// Reads what the last boot left behind, and ends a transaction that it left open, with the energy last saved; or
  /// keeps it open, unless the CSMS has refused its idTag. Once, before the loop runs.
  /// @param reason why this boot came about
  void load(StopReason reason, LeftOpen left_open, Millis now);

  /// Opens a transaction. @return false, with the cause logged, when one is open or there is no room for its messages.
  bool begin(Text id_tag, uint64_t energy_wh, Millis now);
  /// Makes a MeterValues message, of the open transaction if there is one.
  void sample(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now);
  /// Keeps a reading for the transactionData of the StopTransaction. There is room for MeterBatch::kMaxSamples: then
  /// every second one is forgotten, but not the first.
  void keep_for_stop(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now);
  /// Ends the open transaction. @param id_tag of whoever ended it, or empty
  void end(StopReason reason, Text id_tag, uint64_t energy_wh, Millis now);
  /// Ends a transaction that load() has kept open, with energy and time last saved.
  void end_as_left(StopReason reason, Millis now);

  bool open() const { return open_ != 0; }
  Text id_tag() const { return ledger_.id_tag.text(); }
  /// The group of the idTag that began the open transaction, empty while none is known.
  Text parent_id_tag() const { return ledger_.parent_id_tag.text(); }
  void set_parent_id_tag(Text parent_id_tag);
  uint64_t meter_start_wh() const { return ledger_.meter_start_wh; }
  /// Whether the CSMS has refused the idTag of the open transaction.
  bool refused() const { return open_ != 0 && ledger_.refused; }
  /// How long the power was gone before this boot, counted from the last message of a transaction.
  /// @return false while that cannot be told.
  bool time_away(Millis& duration) const;
  const TimeSync& time() const { return time_; }
  /// Voltage that Current.Import is derived from, in volts; above 0.
  void set_nominal_voltage(uint32_t volts) { nominal_voltage_v_ = volts; }

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

  static constexpr size_t kMaxBatches = 3;

  enum class State : uint8_t { unsaved, saving, saved, unsavable, removing };
  enum class Kind : uint8_t { start, meter, stop };

  struct Entry {
    uint32_t sequence = 0;
    uint32_t transaction = 0;
    Kind kind = Kind::start;
    State state = State::unsaved;
    bool changed = false;   // a sample came while it was being saved
    bool alone = false;     // a batch that cannot be thinned out together with the next one
    bool has_data = false;  // a stop with a file of transactionData
    uint8_t count = 0;      // samples of a batch ...
    uint8_t sent = 0;       // ... and how many of them the CSMS has answered
    uint32_t boot = 0;      // of a batch ...
    Millis from = 0;        // ... and its first sample, by that boot's clock
    Millis queued_at = 0;   // 0 for those of an earlier boot
    size_t slot = kNoSlot;  // of a batch: in batches_
  };
  enum class Job : uint8_t { none, save_record, save_data, save_ledger, remove_record };

  // The line.
  bool add(Record& record, Millis now);
  bool add_to_batch(const MeterSample& sample, Millis now);
  Entry* new_batch(Millis now);
  size_t free_batch();
  MeterBatch& batch_of(const Entry& entry) { return batches_[entry.slot]; }
  Entry& append_entry(Kind kind, uint32_t sequence, Millis now);
  Entry* find(uint32_t sequence);
  size_t index_of_front() const;
  void take_out(size_t index);
  bool thin_out();
  bool merge(Entry& entry, Entry& next);
  size_t room() const { return kMaxRecords - count_; }
  bool has_free_slot() const;
  bool read(const Entry& entry, Record& record);
  bool read(const Entry& entry, MeterBatch& batch);
  bool read_data(uint32_t transaction, MeterBatch& data);
  static const char* action_of(Kind kind);

  // The flash: one job of ours at a time.
  void start_job();
  bool post(Job job, uint32_t sequence);
  static void on_job_done(void* self, StorageResult result);
  void job_done(StorageResult result);
  bool ledger_must_go_first(const Entry& entry) const;

  // The front.
  bool is_front(Text id) const;
  void on_start_answered(JsonValue payload, Millis now);
  void tell_id_tag_info(const Entry& entry, JsonValue info);
  void acknowledge(Entry& entry);
  void failed_attempt(Text cause, Millis now);
  void give_up(Entry& entry, Text cause);
  void give_up_file(Entry& entry, Text cause);

  // The boot.
  void load_ledger();
  void load_records();
  bool load_record(Entry& entry, Bytes content);
  bool load_batch(Entry& entry, Bytes content);
  void load_data();
  void find_what_was_left_open();

  Stamp stamp(Millis now) const;
  UnixMillis wall_ms(const Stamp& stamp) const;
  UnixMillis told_wall_ms(const Stamp& stamp);
  void write_payload(JsonWriter& json, const Record& record);
  void write_payload(JsonWriter& json, const MeterSample& sample);
  void write_transaction_data(JsonWriter& json, const MeterBatch& data);
  void write_meter_value(JsonWriter& json, const MeterSample& sample, UnixMillis wall) const;

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
  MeterBatch batches_[kMaxBatches];  // the last one, to which samples are added, and those not on flash
  bool batch_used_[kMaxBatches] = {};
  MeterBatch scratch_;
  MeterBatch data_;  // for the StopTransaction of the transaction begun last
  bool data_dirty_ = false;

  Job job_ = Job::none;
  uint32_t job_sequence_ = 0;
  Millis save_again_ = 0;  // after a job that failed
  bool job_failed_ = false;

  uint32_t open_ = 0;
  int64_t left_wall_ms_ = 0;  // of the last message before this boot
  uint32_t nominal_voltage_v_ = 230;

  MessageId front_id_;     // of the message at the front, without a suffix for repetitions
  uint32_t attempts_ = 0;  // that were refused or not answered
  uint32_t sendings_ = 0;  // on this connection
  Millis retry_at_ = 0;
  UnixMillis last_wall_ms_ = 0;  // of the last message written
  uint32_t dropped_ = 0;
};

}  // namespace pb
