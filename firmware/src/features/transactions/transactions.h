#pragma once

#include "features/transactions/ledger_file.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/outbox.h"
#include "features/transactions/saver.h"
#include "features/transactions/stop_data.h"
#include "features/transactions/transaction_times.h"
#include "runtime/feature.h"

namespace pb {

/// Hears what the CSMS thinks of a transaction that is still open.
class TransactionListener {
 public:
  /// The CSMS has answered StartTransaction, but does not accept the idTag.
  virtual void on_start_not_accepted(Text status, Millis now) = 0;
  /// The attempts of StartTransaction have failed: unless a late answer comes, nothing of the transaction is reported.
  virtual void on_start_given_up(Millis now) = 0;

 protected:
  ~TransactionListener() = default;
};

/// Whether the messages of transactions reach a CSMS that has accepted this charge point.
enum class Reporting : uint8_t {
  possible,
  no_time,   ///< they wait: no usable time is known, and none goes out with one of 1970
  given_up,  ///< the attempts of the open transaction's StartTransaction have failed; the rest needs its id
};

Text name_of(Reporting reporting);

/// The transaction, and its messages: StartTransaction, MeterValues, StopTransaction. They are kept in small files from
/// the moment they are made until the CSMS has answered them, so they survive a power cut, and go out in the order in
/// which they were made. Full, it thins out meter values; begin() refuses before a start or stop would be lost.
class Transactions final : public Feature, private StartListener {
 public:
  Transactions(Storage& storage, const TimeSync& time, Rng& rng, Logger& log);

  void set_listener(TransactionListener& listener) { listener_ = &listener; }
  void set_id_tag_listener(IdTagInfoListener& listener) { outbox_.set_id_tag_listener(listener); }
  void set_retries(TransactionRetries retries) { outbox_.set_retries(retries); }
  /// Voltage that Current.Import is derived from, in volts, 1 to 65,535. Samples keep the one that they were made with.
  void set_nominal_voltage(uint32_t volts) {
    line_.set_nominal_voltage(volts);
    data_.set_nominal_voltage(volts);
    outbox_.set_nominal_voltage(volts);
  }

  /// What to do with a transaction that the last boot left open.
  enum class LeftOpen : uint8_t { end, keep };

  /// Reads what the last boot left behind, and ends a transaction that it left open, with the energy last saved; or
  /// keeps it open, unless the CSMS has refused its idTag, or a damaged file may be the end of it. Once, before the
  /// loop runs.
  /// @param reason why this boot came about
  void load(StopReason reason, LeftOpen left_open, Millis now);

  /// Opens a transaction. @return false, with the cause logged, when one is open or there is no room for its messages.
  bool begin(Text id_tag, uint64_t energy_wh, Millis now);
  /// Makes a MeterValues message, of the open transaction if there is one.
  void sample(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now);
  /// Keeps a reading for the transactionData of the StopTransaction.
  void keep_for_stop(const MeterReading& reading, ReadingContext context, Measurands measurands, Millis now);
  /// Ends the open transaction. @param id_tag of whoever ended it, or empty
  void end(StopReason reason, Text id_tag, uint64_t energy_wh, Millis now);
  /// Ends a transaction that load() has kept open, with energy and time last saved.
  void end_as_left(StopReason reason, Millis now);

  bool open() const { return open_ != 0; }
  /// Whether the start of the open transaction outlives a power cut, or the flash has refused it.
  bool start_is_stored() const;
  /// Whether the flash has refused it: it is sent from memory and written again, and until then a power cut loses it.
  bool start_is_refused_by_flash() const;
  Text id_tag() const { return ledger_.now().id_tag.text(); }
  /// The group of the idTag that began the open transaction, empty while none is known.
  Text parent_id_tag() const { return ledger_.now().parent_id_tag.text(); }
  void set_parent_id_tag(Text parent_id_tag);
  uint64_t meter_start_wh() const { return ledger_.now().meter_start_wh; }
  /// Whether the CSMS has refused the idTag of the open transaction.
  bool refused() const { return open_ != 0 && ledger_.now().refused; }
  /// How long the power was gone before this boot, counted from the last message of a transaction.
  /// @return false while that cannot be told; for good, when the CSMS had not told the time before the cut.
  bool time_away(Millis& duration) const { return times_.before_boot(left_, duration); }
  const TimeSync& time() const { return times_.time(); }

  Reporting reporting() const;
  /// The id that the CSMS gave the open transaction. @return false while it has not.
  bool transaction_id(int64_t& id) const;

  /// The energy register as last saved: where to go on counting after load().
  uint64_t energy_wh() const { return ledger_.now().energy_wh; }
  /// Tells the register's reading, which is saved now and then.
  void note_energy(uint64_t energy_wh) { ledger_.note_energy(energy_wh); }
  /// Saves the register now: the supply is failing, or somebody is to be told of it.
  void save_energy(uint64_t energy_wh) { ledger_.save_energy(energy_wh); }
  /// Whether that has been done: a cut now would leave at least this.
  bool energy_saved(uint64_t energy_wh) const { return ledger_.saved().energy_wh >= energy_wh; }

  /// Whether the ledger was found damaged at this boot: of a transaction that was open nothing may be known.
  bool ledger_is_lost() const { return ledger_.is_lost(); }

  /// The messages, for the messenger to send.
  DurableCalls& outbox() { return outbox_; }
  /// True when all that was made is on flash, or cannot get there.
  bool all_saved() const { return line_.all_stored(); }
  /// Messages given up since the start: refused too often, damaged, or thinned out.
  uint32_t dropped() const { return line_.lost(); }

  const char* name() const override { return "transactions"; }
  Millis poll(Millis now) override;

 private:
  void on_start_answered(uint32_t transaction, const IdTagInfo& info, Millis now) override;
  void on_start_given_up(uint32_t transaction, Millis now) override;
  const WaitingMessage* start() const;
  void add(Record& record, Millis now);

  Logger& log_;
  TransactionListener* listener_ = nullptr;
  MeterBatch scratch_;
  TransactionTimes times_;
  LedgerFile ledger_;
  StopData data_;
  MessageQueue line_;
  Saver saver_;
  Outbox outbox_;
  Storage& storage_;

  uint32_t open_ = 0;  // our own number of the open transaction
  Stamp left_;         // of the last message before this boot
};

}  // namespace pb
