#include "features/charging/charging.h"

namespace pb {
namespace {

constexpr Text kTag = "charging";

}  // namespace

void Charging::start() {
  energy_wh_ = transactions_.energy_wh();
  pulses_ = board_.meter.count();
  if (transactions_.open()) on(SessionEvent::found_open);
  // It outlives a restart; what was scheduled still waits for the end of the transaction.
  unavailable_ = !operative() && !is_open(session_);
}

Millis Charging::poll(Millis now) {
  read_meter(now);
  vehicle_ready_ = board_.vehicle_ready.read();
  lock_.poll(now);
  read_power_fail(now);
  read_stop(now);
  read_cable(now);
  read_button(now);
  read_availability();
  watch_timeouts(now);
  resume_when_known(now);
  watch_time_away(now);
  watch_refused(now);
  begin_when_ready(now);
  const Millis next_sample = metering_.poll(reading(now), now);
  drive(now);
  report(now);
  if (stopped_ && !safety_.stop_pressed()) return now;  // a press that is over is shown for one round
  return earlier(next_sample, next_due(now));
}

Millis Charging::next_due(Millis now) const {
  Millis due = lock_.next_due();
  if (session_ == SessionState::authorized && !can_begin()) due = earlier(due, authorized_until_);
  if (waits_for_nobody()) due = earlier(due, idle_since_ + Millis{1000} * settings_.connection_timeout_s);
  if (reported_ != status_) due = earlier(due, status_since_ + Millis{1000} * settings_.minimum_status_duration_s);
  if (session_ == SessionState::interrupted && !power_fail_) due = earlier(due, kResumeWait);
  return due > now ? due : now + 1;
}

// ---- what comes in

void Charging::read_meter(Millis now) {
  uint32_t pulses = board_.meter.count();
  energy_wh_ += static_cast<uint64_t>(pulses - pulses_) * kWhPerPulse;  // modulo 2^32, as it counts
  pulses_ = pulses;
  if (safety_.contactor_closed()) power_.update(energy_wh_, now);
  transactions_.note_energy(energy_wh_);
}

MeterReading Charging::reading(Millis now) const {
  return {energy_wh_, safety_.contactor_closed() ? power_.watts(now) : 0};
}

void Charging::read_power_fail(Millis now) {
  bool power_fail = board_.power_fail.read();
  if (power_fail == power_fail_) return;
  power_fail_ = power_fail;
  if (!power_fail) {
    log_.info(kTag, "mains power is back");
    if (!is_open(session_)) return;
    metering_.sample(reading(now), ReadingContext::interruption_end, now);
    metering_.keep(reading(now), ReadingContext::interruption_end, now);
    return;
  }
  log_.warning(kTag, "mains power is gone");
  transactions_.save_energy(energy_wh_);
  if (!is_open(session_)) return;
  if (settings_.power_fail_action == PowerFailAction::stop) {
    end(StopReason::power_loss, "", now);
    return;
  }
  // First the contactor: what is left in the hold-up capacitor is for the flash.
  safety_.open_contactor();
  metering_.sample(reading(now), ReadingContext::interruption_begin, now);
  metering_.keep(reading(now), ReadingContext::interruption_begin, now);
}

void Charging::read_stop(Millis now) {
  // A press that is over already counts too: the contactor has opened.
  bool event = safety_.take_stop_event();
  stopped_ = safety_.stop_pressed() || event;
  if (!stopped_) return;
  on(SessionEvent::dropped);
  end(StopReason::emergency_stop, "", now);
  report(now);
}

void Charging::read_cable(Millis now) {
  bool cable = board_.cable.read();
  if (cable == cable_) return;
  cable_ = cable;
  log_.info(kTag, cable ? "cable plugged in" : "cable unplugged");
  if (!cable) {
    finished_ = false;
    on(SessionEvent::unplugged);
    if (settings_.stop_transaction_on_ev_side_disconnect) {
      end(StopReason::ev_disconnected, "", now);
    } else if (is_open(session_)) {
      log_.info(kTag, "the transaction waits until the cable is back");
    }
  }
  idle_since_ = now;
  drive(now);
  report(now);
}

void Charging::read_button(Millis now) {
  if (!events_.take_button()) return;
  Text id_tag = settings_.local_id_tag.text();
  if (is_pending(session_) || other_asks_) return;
  if (id_tag.empty()) {
    log_.warning(kTag, "the button was pressed, but local_id_tag is not set");
  } else if (is_open(session_) && equal_ignoring_case(transactions_.id_tag(), id_tag)) {
    end(StopReason::local, id_tag, now);
  } else if (is_open(session_)) {
    // It may be of the same group, which the listener knows.
    id_tag_.assign(id_tag);
    other_asks_ = true;
    listener_->on_id_tag(id_tag, now);
  } else if (session_ == SessionState::held) {
    if (equal_ignoring_case(transactions_.id_tag(), id_tag)) {
      on(SessionEvent::released);
    } else {
      log_.warning(kTag, "the cable is held for another idTag");
    }
  } else if (!may_begin()) {
    log_.warning(kTag, "an idTag was presented while ",
                 stopped_ || safety_.stopped() ? "the emergency stop is pressed"
                 : power_fail_                 ? "the mains power is gone"
                 : restarting_                 ? "a reset is under way"
                                               : "the connector is unavailable");
  } else {
    id_tag_.assign(id_tag);
    on(SessionEvent::presented);
    report(now);
    listener_->on_id_tag(id_tag, now);
  }
  drive(now);
  report(now);
}

/// OCPP 1.6 section 5.2: a transaction goes on to its end, what has not become one does not begin.
void Charging::read_availability() {
  if (operative()) {
    unavailable_ = false;
  } else {
    on(SessionEvent::dropped);
  }
}

// ---- who may charge

void Charging::authorized(bool accepted, Text parent_id_tag, Millis now) {
  if (session_ != SessionState::asking && !other_asks_) return;
  read_meter(now);  // a transaction may begin or end here
  if (is_open(session_)) {
    other_asks_ = false;
    if (accepted && !parent_id_tag.empty() && equal_ignoring_case(parent_id_tag, transactions_.parent_id_tag())) {
      end(StopReason::local, id_tag_.text(), now);
    } else {
      log_.warning(kTag, "another idTag has started this transaction");
    }
    report(now);
    return;
  }
  if (!accepted) {
    on(SessionEvent::dropped);
    log_.warning(kTag, "idTag ", id_tag_.text(), " is not accepted");
    report(now);
    return;
  }
  on(SessionEvent::accepted);
  parent_id_tag_.clear();
  parent_id_tag_.assign(parent_id_tag);
  authorized_until_ = now + Millis{1000} * settings_.connection_timeout_s;
  begin_when_ready(now);
}

bool Charging::remote_start(Text id_tag, Millis now, bool authorize, Text parent_id_tag) {
  if (!may_begin() || is_pending(session_) || session_ == SessionState::held || !id_tag_.assign(id_tag)) return false;
  on(SessionEvent::presented);
  report(now);  // Finishing leads to a transaction by Preparing only (F2)
  if (authorize) {
    listener_->on_id_tag(id_tag, now);
  } else {
    authorized(true, parent_id_tag, now);
  }
  return true;
}

void Charging::unlock(Millis now) {
  stop(StopReason::unlock_command, now);
  on(SessionEvent::released);
  drive(now);
  report(now);
}

bool Charging::remote_stop(int64_t transaction_id, Millis now) {
  int64_t id = 0;
  if (!transactions_.transaction_id(id) || id != transaction_id) return false;
  stop(StopReason::remote, now);
  return true;
}

void Charging::stop(StopReason reason, Millis now) {
  read_meter(now);
  on(SessionEvent::dropped);
  end(reason, "", now);
  report(now);
}

void Charging::stop_for_restart(StopReason reason, Millis now) {
  restarting_ = true;
  stop(reason, now);
}

void Charging::on_start_not_accepted(Text status, Millis now) {
  log_.warning(kTag, "the CSMS answered StartTransaction with ", status);
  read_meter(now);
  watch_refused(now);
}

/// Without an id of the CSMS nothing of the transaction can be reported, and no RemoteStopTransaction ends it.
void Charging::on_start_given_up(Millis now) {
  if (!settings_.stop_transaction_on_start_given_up) return;
  log_.error(kTag, "the CSMS never accepted the transaction: it ends, set stop_transaction_on_start_given_up to false ",
             "to let such a one go on");
  read_meter(now);
  end(StopReason::other, "", now);
  report(now);
}

/// OCPP 1.6 section 9.1, StopTransactionOnInvalidId. What the transaction has had until the refusal counts: the
/// operator gives away MaxEnergyOnInvalidId in all.
void Charging::watch_refused(Millis now) {
  if (!transactions_.refused() || out_of_energy_) return;
  if (energy_wh_ < transactions_.meter_start_wh() + settings_.max_energy_on_invalid_id_wh) return;
  if (settings_.stop_transaction_on_invalid_id) {
    end(StopReason::de_authorized, "", now);
  } else {
    log_.warning(kTag, "the idTag is refused: no more energy, and the transaction waits for its end");
    out_of_energy_ = true;
    drive(now);
  }
  report(now);
}

void Charging::watch_timeouts(Millis now) {
  const Millis timeout = Millis{1000} * settings_.connection_timeout_s;
  // With the cable in it is the lock that is waited for, and that has a limit of its own.
  if (session_ == SessionState::authorized && now >= authorized_until_ && !can_begin()) {
    log_.info(kTag, "nobody plugged in: the authorization of ", id_tag_.text(), " has expired");
    on(SessionEvent::dropped);
  }
  if (!waits_for_nobody()) {
    idle_since_ = now;
  } else if (now - idle_since_ >= timeout) {
    log_.info(kTag, "plugged in, but nobody presented an idTag");
    finished_ = true;
  }
}

/// Preparing because of the cable only.
bool Charging::waits_for_nobody() const {
  return session_ == SessionState::idle && cable_ && !finished_ && !stopped_ && !unavailable_;
}

// ---- the transaction

void Charging::begin_when_ready(Millis now) {
  if (!can_begin()) return;
  lock_.drive(true, now);
  if (!lock_.closed()) {
    if (lock_.failed()) lock_failed(now);
    return;
  }
  if (transactions_.begin(id_tag_.text(), energy_wh_, now)) {
    on(SessionEvent::began);
    finished_ = false;
    transactions_.set_parent_id_tag(parent_id_tag_.text());
    metering_.start(now);
    metering_.keep(reading(now), ReadingContext::transaction_begin, now);
  } else {
    on(SessionEvent::dropped);
  }
  drive(now);
  report(now);
}

void Charging::lock_failed(Millis now) {
  log_.error(kTag, "the lock does not close: no transaction");
  on(SessionEvent::lock_failed);
  drive(now);
  report(now);
}

/// The transaction that the last boot left open goes on when the cable is still in and the power was not gone for too
/// long. How long that was can be told when the CSMS has told the time.
void Charging::resume_when_known(Millis now) {
  if (session_ != SessionState::interrupted || power_fail_) return;
  Millis away = 0;
  bool known = transactions_.outage_duration(away);
  bool too_long = known && away > Millis{1000} * settings_.power_resume_limit_s;
  if (!cable_ || too_long) {
    log_.warning(kTag, "the transaction does not go on: ", cable_ ? "the power was gone too long" : "the cable is out");
    transactions_.end_as_left(StopReason::power_loss, now);
    on(other_asks_ ? SessionEvent::ended_asking : SessionEvent::ended);
    other_asks_ = false;
    out_of_energy_ = false;
    finished_ = cable_;
    report(now);
    return;
  }
  if (!known && now < kResumeWait) return;
  on(known ? SessionEvent::went_on : SessionEvent::went_on_unknown);
  log_.info(kTag, "the transaction goes on after the power failure");
  metering_.start(now);
  metering_.sample(reading(now), ReadingContext::interruption_end, now);
  metering_.keep(reading(now), ReadingContext::interruption_end, now);
}

/// The transaction went on before anybody could tell how long the power had been gone. Too long is too long all the
/// same, as soon as it is known.
void Charging::watch_time_away(Millis now) {
  Millis away = 0;
  if (session_ != SessionState::resumed || !transactions_.outage_duration(away)) return;
  on(SessionEvent::absence_known);
  if (away <= Millis{1000} * settings_.power_resume_limit_s) return;
  log_.warning(kTag, "the power was gone too long, as the CSMS tells now: the transaction ends");
  end(StopReason::power_loss, "", now);
  report(now);
}

void Charging::end(StopReason reason, Text id_tag, Millis now) {
  if (!is_open(session_)) return;
  safety_.open_contactor();
  metering_.stop();
  metering_.keep(reading(now), ReadingContext::transaction_end, now);
  transactions_.end(reason, id_tag, energy_wh_, now);
  // OCPP 1.6 section 9.1, UnlockConnectorOnEVSideDisconnect, and section 3.5.4: it waits for the idTag that started it.
  const bool held = (reason == StopReason::ev_disconnected && !settings_.unlock_connector_on_ev_side_disconnect) ||
                    (reason == StopReason::de_authorized && cable_);
  on(held ? SessionEvent::ended_held : SessionEvent::ended);
  other_asks_ = false;
  out_of_energy_ = false;
  finished_ = cable_;
  drive(now);
}

void Charging::drive(Millis now) {
  // The contactor opens before the lock does, and closes after it.
  // OCPP 1.6 section 4.10: a cable whose transaction goes on without the vehicle stays locked in any case.
  bool has_cable = cable_ || !settings_.stop_transaction_on_ev_side_disconnect;
  bool lock = is_open(session_) ? has_cable : session_ == SessionState::held || can_begin();
  bool charging =
      is_going_on(session_) && cable_ && vehicle_ready_ && !stopped_ && !power_fail_ && !out_of_energy_ && lock;
  // No energy before the record that accounts for it: a power cut would lose it without a trace.
  const bool accounted = transactions_.start_is_stored();
  // No current through a cable that can be pulled: a bolt that opens by itself takes the contactor along.
  if (safety_.contactor_closed() && !(charging && lock_.closed())) safety_.open_contactor();
  lock_.drive(lock, now);
  if (charging && accounted && lock_.closed() && !safety_.contactor_closed()) {
    power_.reset();
    safety_.close_contactor();
  }
}

// ---- what is told

ConnectorStatus Charging::current_status() const {
  if (stopped_ || session_ == SessionState::lock_failed) return ConnectorStatus::faulted;
  if (is_open(session_)) return status_in_transaction();
  if (unavailable_) return ConnectorStatus::unavailable;
  if (is_pending(session_)) return ConnectorStatus::preparing;
  if (finished_ || session_ == SessionState::held) return ConnectorStatus::finishing;
  return cable_ ? ConnectorStatus::preparing : ConnectorStatus::available;
}

ConnectorStatus Charging::status_in_transaction() const {
  if (!transactions_.start_is_stored()) return ConnectorStatus::preparing;
  // Suspended by both it is by the EVSE (OCPP 1.6 section 4.9).
  if (session_ == SessionState::interrupted || power_fail_ || out_of_energy_ || !lock_.closed()) {
    return ConnectorStatus::suspended_evse;
  }
  if (!vehicle_ready_ || !cable_) return ConnectorStatus::suspended_ev;
  return safety_.contactor_closed() ? ConnectorStatus::charging : ConnectorStatus::suspended_evse;
}

Text Charging::error_code() const {
  if (stopped_) return "OtherError";
  if (unrecorded()) return "InternalError";
  return session_ == SessionState::lock_failed || (is_open(session_) && lock_.failed()) ? "ConnectorLockFailure"
                                                                                        : "NoError";
}

Text Charging::error_info() const {
  if (stopped_) return "emergency stop";
  if (unrecorded()) return "the storage takes no transaction";
  // Section 4.9 wants the reason of the suspension, or of the stop, told.
  bool unplugged = !cable_ && (session_ == SessionState::held || is_going_on(session_));
  return unplugged ? "EV side disconnected" : "";
}

/// Whether a connector that is to become Unavailable has to wait: for the end of the transaction, or for the cable.
bool Charging::in_use() const {
  return !unavailable_ && (is_open(session_) || cable_ || session_ == SessionState::held);
}

void Charging::report(Millis now) {
  if (!operative() && !in_use() && !unavailable_) {
    // Preparing does not lead to Unavailable but by Available (B1, A8).
    if (status_ == ConnectorStatus::preparing) tell(ConnectorStatus::available, now);
    unavailable_ = true;
  }
  tell(current_status(), now);
}

void Charging::tell(ConnectorStatus status, Millis now) {
  if (status != status_) {
    status_ = status;
    status_since_ = now;
    log_.info(kTag, "connector is ", name_of(status));
  }
  // OCPP 1.6 section 9.1, MinimumStatusDuration; a fault waits for nothing.
  bool stable =
      status_ == ConnectorStatus::faulted || now - status_since_ >= Millis{1000} * settings_.minimum_status_duration_s;
  const bool same = status_ == reported_ && error_code() == reported_code_ && error_info() == reported_info_;
  if (same || !stable) return;
  reported_ = status_;
  reported_code_ = error_code();
  reported_info_ = error_info();
  listener_->on_status(status_, now);
}

}  // namespace pb
