#pragma once

#include "features/board/board.h"
#include "features/charging/cable_lock.h"
#include "features/charging/connector_status.h"
#include "features/charging/input_events.h"
#include "features/charging/metering.h"
#include "features/charging/power_estimate.h"
#include "features/charging/session.h"
#include "features/config/config.h"
#include "features/logging/logger.h"
#include "features/safety/safety.h"
#include "features/transactions/transactions.h"
#include "runtime/feature.h"

namespace pb {

/// Hears what happens at the connector.
class ChargingListener {
 public:
  /// The status has changed, or what is wrong has.
  virtual void on_status(ConnectorStatus status, Millis now) = 0;
  /// Somebody presented an idTag, to start a session or to end that of another one; answer with Charging::authorized,
  /// at once or later.
  virtual void on_id_tag(Text id_tag, Millis now) = 0;

 protected:
  ~ChargingListener() = default;
};

/// The one connector: cable, vehicle, button, emergency stop and meter on one side, contactor and lock on the other,
/// and the transaction between them. The session moves by the table of session.h; the connector's status (OCPP 1.6
/// section 4.9) follows from its state and a few facts that hold beside each state.
class Charging final : public Feature, private TransactionListener {
 public:
  /// S0 pulses: 1,000 a kWh.
  static constexpr uint64_t kWhPerPulse = 1;
  /// How long a transaction that a power failure interrupted waits for the CSMS to tell the time, and with it how long
  /// the power was gone. Then it goes on; too long an absence ends it when it becomes known.
  static constexpr Millis kResumeWait = 60'000;

  Charging(Board& board, Safety& safety, InputEvents& events, Transactions& transactions, const Settings& settings,
           Logger& log)
      : board_(board),
        safety_(safety),
        events_(events),
        transactions_(transactions),
        settings_(settings),
        log_(log),
        lock_(board, events, settings),
        metering_(transactions, settings) {
    transactions_.set_listener(*this);
  }

  void set_listener(ChargingListener& listener) { listener_ = &listener; }
  /// Takes over the energy register, and a transaction that a power failure interrupted; once, after
  /// Transactions::load and before the loop runs.
  void start();

  /// The answer to ChargingListener::on_id_tag.
  /// @param parent_id_tag the group of the idTag; empty for none
  void authorized(bool accepted, Text parent_id_tag, Millis now);
  /// Starts a session for a remote user; without a cable it waits for one until ConnectionTimeOut.
  /// @param authorize whether the idTag has to be asked about first, as if it had been presented here
  /// @return false when the connector cannot take it.
  /// @param parent_id_tag as of authorized(), where the CSMS has given it already
  bool remote_start(Text id_tag, Millis now, bool authorize = false, Text parent_id_tag = "");
  /// Ends the transaction with this id. @return false when there is none.
  bool remote_stop(int64_t transaction_id, Millis now);
  /// Ends whatever transaction there is.
  void stop(StopReason reason, Millis now);
  /// As stop(), and no other one begins: the device is about to restart.
  void stop_for_restart(StopReason reason, Millis now);

  /// Unlocks the cable until the next transaction; one that runs is ended first, with reason UnlockCommand.
  void unlock(Millis now);
  /// What the lock says of itself.
  bool locked() const { return board_.lock_feedback.read(); }
  /// Whether a change to inoperative has to wait: for the end of a transaction, or until the cable is taken.
  bool in_use() const;

  ConnectorStatus status() const { return status_; }
  /// What is wrong: an error code of OCPP 1.6 section 7.6, and words for people. Literals.
  Text error_code() const;
  Text error_info() const;
  uint64_t energy_wh() const { return energy_wh_; }
  /// Whether the emergency stop is what makes it Faulted.
  bool emergency_stopped() const { return stopped_; }
  /// What the meter shows now.
  MeterReading reading(Millis now) const;
  /// As reading(), with the pulses that came since the last round.
  MeterReading present_reading(Millis now) {
    read_meter(now);
    return reading(now);
  }

  const char* name() const override { return "charging"; }
  Millis poll(Millis now) override;

 private:
  void on_start_not_accepted(Text status, Millis now) override;
  void on_start_given_up(Millis now) override;

  void read_meter(Millis now);
  void read_power_fail(Millis now);
  void read_cable(Millis now);
  void read_button(Millis now);
  void read_stop(Millis now);
  void watch_timeouts(Millis now);
  void watch_refused(Millis now);
  void resume_when_known(Millis now);
  void watch_time_away(Millis now);
  void read_availability();
  void begin_when_ready(Millis now);
  void lock_failed(Millis now);
  void end(StopReason reason, Text id_tag, Millis now);
  void drive(Millis now);
  bool may_begin() const {
    // A stop that this feature has still to hear of counts already.
    return !stopped_ && !safety_.stopped() && !power_fail_ && !restarting_ && !is_open(session_) && operative();
  }
  /// Whether an accepted idTag waits for the lock only.
  bool can_begin() const { return session_ == SessionState::authorized && cable_ && may_begin(); }
  void on(SessionEvent event) { session_ = next_state(session_, event); }
  bool operative() const { return settings_.availability == Availability::operative; }
  bool waits_for_nobody() const;
  bool unrecorded() const { return is_open(session_) && transactions_.start_is_refused_by_flash(); }
  ConnectorStatus current_status() const;
  ConnectorStatus status_in_transaction() const;
  void report(Millis now);
  void tell(ConnectorStatus status, Millis now);
  Millis next_due(Millis now) const;

  Board& board_;
  Safety& safety_;
  InputEvents& events_;
  Transactions& transactions_;
  const Settings& settings_;
  Logger& log_;
  ChargingListener* listener_ = nullptr;

  CableLock lock_;
  Metering metering_;
  PowerEstimate power_;

  uint32_t pulses_ = 0;
  uint64_t energy_wh_ = 0;

  SessionState session_ = SessionState::idle;
  // The inputs, as read last.
  bool cable_ = false;
  bool vehicle_ready_ = false;
  bool power_fail_ = false;
  // Facts that hold beside each state.
  bool stopped_ = false;      // by the emergency stop
  bool restarting_ = false;   // nothing begins any more
  bool unavailable_ = false;  // inoperative, and nothing has to be waited for
  bool finished_ = false;     // the cable that is in has had its transaction, or its time for one
  // Facts of the open transaction.
  bool other_asks_ = false;     // another idTag was presented to end it, and waits for its answer
  bool out_of_energy_ = false;  // an idTag that the CSMS has refused has had its MaxEnergyOnInvalidId

  IdTag id_tag_;
  IdTag parent_id_tag_;
  Millis authorized_until_ = kNever;
  Millis idle_since_ = 0;  // the cable is in, and nobody has presented an idTag since
  ConnectorStatus status_ = ConnectorStatus::available;
  ConnectorStatus reported_ = ConnectorStatus::available;
  Text reported_code_ = "NoError";  // literals, both
  Text reported_info_;
  Millis status_since_ = 0;
};

}  // namespace pb
