#pragma once

#include "features/transactions/ledger_file.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/outbox.h"
#include "features/transactions/saver.h"
#include "features/transactions/stop_data.h"
#include "features/transactions/transaction_times.h"
#include "runtime/feature.h"

namespace pb {

/// Receives the decisions of the CSMS about the open transaction.
class TransactionListener {
 public:
  /// The CSMS has answered StartTransaction, but does not accept the idTag.
  virtual void on_start_not_accepted(Text status, Millis now) = 0;
  /// The attempts of StartTransaction have failed: without a late answer nothing of the transaction is reported.
  virtual void on_start_given_up(Millis now) = 0;

 protected:
  ~TransactionListener() = default;
};

/// Whether transaction messages can reach a CSMS that has accepted the charge point.
enum class Reporting : uint8_t {
  possible,
  no_time,   ///< the time is unknown, and none is sent with a time of 1970
  given_up,  ///< the attempts of StartTransaction have failed; later messages need the transactionId
};

Text name_of(Reporting reporting);

/// The transaction and its messages: StartTransaction, MeterValues, StopTransaction. Each message is in a small file
/// from its creation until the CSMS has answered it, to survive power cuts. The messages are sent in order of creation.
/// A full queue thins out meter values; begin() fails before a start or stop would be lost.
class Transactions final : public Feature, private StartListener {
 public:
  Transactions(Storage& storage, const TimeSync& time, Rng& rng, Logger& log);

  void set_listener(TransactionListener& listener) { listener_ = &listener; }
  void set_id_tag_listener(IdTagInfoListener& listener) { outbox_.set_id_tag_listener(listener); }
  void set_surplus_listener(SurplusListener& listener) { outbox_.set_surplus_listener(listener); }
  void set_retries(TransactionRetries retries) { outbox_.set_retries(retries); }
  /// Nominal voltage for Current.Import, in volts, 1 to 65,535. A sample keeps the voltage at its creation.
  void set_nominal_voltage(uint32_t volts) {
    queue_.set_nominal_voltage(volts);
    data_.set_nominal_voltage(volts);
    outbox_.set_nominal_voltage(volts);
  }

  /// How to treat a transaction that the last boot left open.
  enum class LeftOpen : uint8_t { end, keep };

  /// Restores the state of the last boot. A transaction that was left open is ended with the energy last saved, or kept
  /// open; but it is always ended if the CSMS has rejected its idTag, or if a damaged file may have been its end.
  /// Called once, before the loop runs.
  /// @param reason cause of this boot
  void load(StopReason reason, LeftOpen left_open, Millis now);

  /// Starts a transaction. @return false, with the cause logged, when one is open or the queue is full.
  bool begin(Text id_tag, uint64_t energy_wh, Millis now);
  /// Creates a MeterValues message, of the open transaction if there is one.
  void sample(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now);
  /// Adds a reading to the transactionData of the StopTransaction.
  void keep_for_stop(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now);
  /// Ends the open transaction. @param id_tag the idTag that ended it, or empty
  void end(StopReason reason, Text id_tag, uint64_t energy_wh, Millis now);
  /// Ends a transaction that load() has kept open, with the energy and time last saved.
  void end_as_left(StopReason reason, Millis now);

  bool open() const { return open_ != 0; }
  /// Whether the start of the open transaction survives a power cut, or the flash has rejected it.
  bool start_is_stored() const;
  /// Whether the flash has rejected the start. Such a start is sent from memory, and a power cut loses it until a retry
  /// succeeds.
  bool start_is_rejected_by_flash() const;
  Text id_tag() const { return ledger_.now().id_tag.text(); }
  /// The group of the idTag that started the open transaction, empty if unknown.
  Text parent_id_tag() const { return ledger_.now().parent_id_tag.text(); }
  void set_parent_id_tag(Text parent_id_tag);
  uint64_t meter_start_wh() const { return ledger_.now().meter_start_wh; }
  /// Whether the CSMS has rejected the idTag of the open transaction.
  bool rejected() const { return open_ != 0 && ledger_.now().rejected; }
  /// Calculates the time without power before this boot, from the last message of a transaction, in ms.
  /// @return false while that is unknown. It stays unknown if the device had no time from the CSMS before the power
  /// cut.
  bool outage_duration(Millis& duration) const { return times_.before_boot(left_, duration); }
  const TimeSync& time() const { return times_.time(); }
  /// The latest time that a transaction message of an earlier boot is known to have, 0 for none: that of the newest
  /// message, or one that was corrected before it was sent.
  UnixMillis last_time() const {
    const UnixMillis sent = ledger_.now().last_sent_ms;
    return sent > left_.wall_ms ? sent : left_.wall_ms;
  }

  Reporting reporting() const;
  /// The CSMS' id of the open transaction. @return false before the CSMS has assigned one.
  bool transaction_id(int64_t& id) const;

  /// The energy register as last saved: the start value after load().
  uint64_t energy_wh() const { return ledger_.now().energy_wh; }
  /// Reports the register's reading, which is saved every 100 Wh.
  void note_energy(uint64_t energy_wh) { ledger_.note_energy(energy_wh); }
  /// Saves the register now: the supply is failing, or the reading is about to be sent.
  void save_energy(uint64_t energy_wh) { ledger_.save_energy(energy_wh); }
  /// Whether a power cut now would keep at least this reading.
  bool energy_saved(uint64_t energy_wh) const { return ledger_.saved().energy_wh >= energy_wh; }

  /// Whether the ledger was damaged at this boot: an open transaction may be unknown.
  bool ledger_is_lost() const { return ledger_.is_lost(); }

  /// The messages, for the messenger to send.
  DurableCalls& outbox() { return outbox_; }
  /// True when every message is on flash, or the flash has rejected it.
  bool all_saved() const { return queue_.all_stored(); }
  /// True when no file of an answered message remains, which the next boot would send again.
  bool all_removed() const { return !queue_.has_finished_files(); }
  /// Messages dropped since the boot: after failed attempts, damaged, or thinned out.
  uint32_t dropped() const { return queue_.lost(); }

  const char* name() const override { return "transactions"; }
  Millis poll(Millis now) override;

 private:
  void on_start_answered(uint32_t transaction, const IdTagInfo& info, Millis now) override;
  void on_start_given_up(uint32_t transaction, Millis now) override;
  const WaitingMessage* start() const;
  void add(Record& record, Millis now);
  void date_messages();

  Logger& log_;
  TransactionListener* listener_ = nullptr;
  MeterBatch scratch_;
  TransactionTimes times_;
  LedgerFile ledger_;
  StopData data_;
  MessageQueue queue_;
  Saver saver_;
  Outbox outbox_;
  Storage& storage_;

  uint32_t open_ = 0;     // the device's number of the open transaction
  Stamp left_;            // the stamp of the last message of an earlier boot
  uint32_t undated_ = 0;  // messages from this number on may have been made before the time server answered
};

}  // namespace pb
