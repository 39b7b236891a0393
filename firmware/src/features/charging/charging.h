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

/// Receives the events of the connector.
class ChargingListener {
 public:
  /// The status, the error code or the error info has changed.
  virtual void on_status(ConnectorStatus status, Millis now) = 0;
  /// An idTag was presented, to start a session or to end the session of another idTag. Reply with
  /// Charging::authorized, at once or later.
  virtual void on_id_tag(Text id_tag, Millis now) = 0;

 protected:
  ~ChargingListener() = default;
};

/// The one connector: it reads cable, vehicle, button, emergency stop and meter, controls contactor and lock, and runs
/// the transaction. The session follows the table in session.h. The connector's status (OCPP 1.6 section 4.9) follows
/// from the session's state and a few facts that are independent of it.
class Charging final : public Feature, private TransactionListener {
 public:
  /// S0 pulses: 1,000 per kWh.
  static constexpr uint64_t kWhPerPulse = 1;
  /// How long an interrupted transaction waits for the time of the CSMS, which gives the duration of the power failure.
  /// After that the transaction continues, and ends later if the duration was too long.
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
  /// Takes the energy register, and an interrupted transaction. Called once, after Transactions::load and before the
  /// loop runs.
  void start();
  /// No charge begins until the next start, because it could not be recorded. Call it before start().
  void take_out_of_service() { out_of_service_ = true; }

  /// The reply to ChargingListener::on_id_tag.
  /// @param parent_id_tag the group of the idTag; empty for none
  void authorized(bool accepted, Text parent_id_tag, Millis now);
  /// Starts a session remotely; without a cable it waits for one until ConnectionTimeOut.
  /// @param authorize whether the idTag has to be authorized first, as if it had been presented here
  /// @return false when no session can start.
  /// @param parent_id_tag as in authorized(), if the CSMS has already sent it
  bool remote_start(Text id_tag, Millis now, bool authorize = false, Text parent_id_tag = "");
  /// Ends the transaction with this id. @return false when there is none.
  bool remote_stop(int64_t transaction_id, Millis now);
  /// Ends any open transaction.
  void stop(StopReason reason, Millis now);
  /// Ends any open transaction and prevents another one: the device is about to restart.
  void stop_for_restart(StopReason reason, Millis now);

  /// Unlocks the cable until the next transaction; an open one is ended first, with reason UnlockCommand.
  void unlock(Millis now);
  /// The level of the lock's feedback contact.
  bool locked() const { return board_.lock_feedback.read(); }
  /// Whether a change to inoperative has to wait for the end of a transaction or the removal of the cable.
  bool in_use() const;

  ConnectorStatus status() const { return status_; }
  /// The error code (OCPP 1.6 section 7.6) and a description. Literals.
  Text error_code() const;
  Text error_info() const;
  uint64_t energy_wh() const { return energy_wh_; }
  /// Whether the emergency stop is the cause of Faulted.
  bool emergency_stopped() const { return stopped_; }
  /// The reading of the meter at the last round.
  MeterReading reading(Millis now) const;
  /// As reading(), including the pulses since the last round.
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
  void check_timeouts(Millis now);
  void check_rejected(Millis now);
  void resume_when_known(Millis now);
  void check_outage_duration(Millis now);
  void read_availability();
  void begin_when_ready(Millis now);
  void lock_failed(Millis now);
  void end(StopReason reason, Text id_tag, Millis now);
  void drive(Millis now);
  bool may_begin() const {
    // The emergency stop already counts before read_stop() has processed it.
    return !out_of_service_ && !stopped_ && !safety_.stopped() && !power_fail_ && !restarting_ && !is_open(session_) &&
           operative();
  }
  /// Whether the lock is the only thing for which an accepted idTag waits.
  bool can_begin() const { return session_ == SessionState::authorized && cable_ && may_begin(); }
  void on(SessionEvent event) { session_ = next_state(session_, event); }
  bool operative() const { return settings_.availability == Availability::operative; }
  bool is_waiting_for_id_tag() const;
  bool unrecorded() const { return is_open(session_) && transactions_.start_is_rejected_by_flash(); }
  ConnectorStatus current_status() const;
  ConnectorStatus status_in_transaction() const;
  void report(Millis now);
  void set_status(ConnectorStatus status, Millis now);
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
  // The inputs at the last round.
  bool cable_ = false;
  bool vehicle_ready_ = false;
  bool power_fail_ = false;
  // Facts that are independent of the state.
  bool stopped_ = false;     // the emergency stop is the cause of Faulted
  bool restarting_ = false;  // no transaction begins any more
  bool out_of_service_ = false;
  bool unavailable_ = false;  // inoperative, with no transaction and no cable to wait for
  bool finished_ = false;     // the session of the plugged cable has ended or expired
  // Facts of the open transaction.
  bool is_other_tag_pending_ = false;  // another idTag that may end the transaction waits for its answer
  bool out_of_energy_ = false;         // a rejected idTag has used its MaxEnergyOnInvalidId

  IdTag id_tag_;
  IdTag parent_id_tag_;
  Millis authorized_until_ = kNever;
  Millis idle_since_ = 0;  // the time since which the cable is plugged in without an idTag
  ConnectorStatus status_ = ConnectorStatus::available;
  ConnectorStatus reported_ = ConnectorStatus::available;
  Text reported_code_ = "NoError";  // a literal, as is the info
  Text reported_info_;
  Millis status_since_ = 0;
};

}  // namespace pb
