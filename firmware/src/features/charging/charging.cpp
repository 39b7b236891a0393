#include "features/charging/charging.h"

namespace pb {
namespace {

constexpr Text kTag = "charging";

}  // namespace

void Charging::start() {
  energy_wh_ = transactions_.energy_wh();
  pulses_ = board_.meter.count();
  if (transactions_.open()) on(SessionEvent::found_open);
  // Unavailable survives a restart. With an open transaction it is still scheduled for the end of the transaction.
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
  check_timeouts(now);
  resume_when_known(now);
  check_outage_duration(now);
  check_rejected(now);
  begin_when_ready(now);
  const Millis next_sample = metering_.poll(reading(now), now);
  drive(now);
  report(now);
  if (stopped_ && !safety_.stop_pressed()) return now;  // a press that is over is reported for one round
  return earlier(next_sample, next_due(now));
}

Millis Charging::next_due(Millis now) const {
  Millis due = lock_.next_due();
  if (session_ == SessionState::authorized && !can_begin()) due = earlier(due, authorized_until_);
  if (is_waiting_for_id_tag()) due = earlier(due, idle_since_ + Millis{1000} * settings_.connection_timeout_s);
  if (reported_ != status_) due = earlier(due, status_since_ + Millis{1000} * settings_.minimum_status_duration_s);
  if (session_ == SessionState::interrupted && !power_fail_) due = earlier(due, kResumeWait);
  return due > now ? due : now + 1;
}

// ---- inputs

void Charging::read_meter(Millis now) {
  uint32_t pulses = board_.meter.count();
  energy_wh_ += static_cast<uint64_t>(pulses - pulses_) * kWhPerPulse;  // modulo 2^32, like the counter
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
    log_.info(kTag, "mains power is on");
    if (!is_open(session_)) return;
    metering_.sample(reading(now), ReadingContext::interruption_end, now);
    metering_.keep(reading(now), ReadingContext::interruption_end, now);
    return;
  }
  log_.warning(kTag, "mains power has failed");
  transactions_.save_energy(energy_wh_);
  if (!is_open(session_)) return;
  if (settings_.power_fail_action == PowerFailAction::stop) {
    end(StopReason::power_loss, "", now);
    return;
  }
  // Open the contactor first, because its coil takes energy of the hold-up capacitor that the flash needs.
  safety_.open_contactor();
  metering_.sample(reading(now), ReadingContext::interruption_begin, now);
  metering_.keep(reading(now), ReadingContext::interruption_begin, now);
}

void Charging::read_stop(Millis now) {
  // A press that is already over also counts, because it has opened the contactor.
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
      log_.info(kTag, "the transaction continues when the cable is plugged in");
    }
  }
  idle_since_ = now;
  drive(now);
  report(now);
}

void Charging::read_button(Millis now) {
  if (!events_.take_button()) return;
  Text id_tag = settings_.local_id_tag.text();
  if (is_pending(session_) || is_other_tag_pending_) return;
  if (id_tag.empty()) {
    log_.warning(kTag, "the button was pressed, but local_id_tag is not set");
  } else if (is_open(session_) && equal_ignoring_case(transactions_.id_tag(), id_tag)) {
    end(StopReason::local, id_tag, now);
  } else if (is_open(session_)) {
    // An idTag with the same parentIdTag may stop the transaction: the listener checks that.
    id_tag_.assign(id_tag);
    is_other_tag_pending_ = true;
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
                 : power_fail_                 ? "the mains power has failed"
                 : restarting_                 ? "a reset is in progress"
                 : out_of_service_             ? "there is no storage"
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

/// OCPP 1.6 section 5.2: an open transaction continues, a pending one is dropped.
void Charging::read_availability() {
  if (operative()) {
    unavailable_ = false;
  } else {
    on(SessionEvent::dropped);
  }
}

// ---- authorization

void Charging::authorized(bool accepted, Text parent_id_tag, Millis now) {
  if (session_ != SessionState::authorizing && !is_other_tag_pending_) return;
  read_meter(now);  // a transaction may begin or end here
  if (is_open(session_)) {
    is_other_tag_pending_ = false;
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
  report(now);  // a transaction after Finishing needs Preparing first (F2)
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
  check_rejected(now);
}

/// Without an id from the CSMS the transaction cannot be reported, and RemoteStopTransaction cannot end it.
void Charging::on_start_given_up(Millis now) {
  if (!settings_.stop_transaction_on_start_given_up) return;
  log_.error(kTag, "StartTransaction failed, so the transaction ends; with stop_transaction_on_start_given_up false ",
             "it would continue");
  read_meter(now);
  end(StopReason::other, "", now);
  report(now);
}

/// OCPP 1.6 section 9.1, StopTransactionOnInvalidId. MaxEnergyOnInvalidId limits the energy of the whole transaction,
/// including the energy before the rejection.
void Charging::check_rejected(Millis now) {
  if (!transactions_.rejected() || out_of_energy_) return;
  if (energy_wh_ < transactions_.meter_start_wh() + settings_.max_energy_on_invalid_id_wh) return;
  if (settings_.stop_transaction_on_invalid_id) {
    end(StopReason::de_authorized, "", now);
  } else {
    log_.warning(kTag, "the idTag is rejected and has used MaxEnergyOnInvalidId: no more energy in this transaction");
    out_of_energy_ = true;
    drive(now);
  }
  report(now);
}

void Charging::check_timeouts(Millis now) {
  const Millis timeout = Millis{1000} * settings_.connection_timeout_s;
  // With the cable plugged in, only the lock can be pending, and the lock has its own timeout.
  if (session_ == SessionState::authorized && now >= authorized_until_ && !can_begin()) {
    log_.info(kTag, "no cable within ConnectionTimeOut: the authorization of ", id_tag_.text(), " has expired");
    on(SessionEvent::dropped);
  }
  if (!is_waiting_for_id_tag()) {
    idle_since_ = now;
  } else if (now - idle_since_ >= timeout) {
    log_.info(kTag, "the cable is plugged in, but no idTag was presented within ConnectionTimeOut");
    finished_ = true;
  }
}

/// Whether the connector is Preparing only because the cable is plugged in.
bool Charging::is_waiting_for_id_tag() const {
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

/// Continues the transaction of the last boot if the cable is still plugged in and the power was not off for too long.
/// The duration of the power failure is known when the CSMS has sent the time.
void Charging::resume_when_known(Millis now) {
  if (session_ != SessionState::interrupted || power_fail_) return;
  Millis outage = 0;
  bool known = transactions_.outage_duration(outage);
  bool too_long = known && outage > Millis{1000} * settings_.power_resume_limit_s;
  if (!cable_ || too_long) {
    log_.warning(
        kTag, "the interrupted transaction ends: ", cable_ ? "the power was off too long" : "the cable is unplugged");
    transactions_.end_as_left(StopReason::power_loss, now);
    on(is_other_tag_pending_ ? SessionEvent::ended_authorizing : SessionEvent::ended);
    is_other_tag_pending_ = false;
    out_of_energy_ = false;
    finished_ = cable_;
    report(now);
    return;
  }
  if (!known && now < kResumeWait) return;
  on(known ? SessionEvent::continued : SessionEvent::continued_unknown);
  log_.info(kTag, "the transaction continues after the power failure");
  metering_.start(now);
  metering_.sample(reading(now), ReadingContext::interruption_end, now);
  metering_.keep(reading(now), ReadingContext::interruption_end, now);
}

/// Checks the duration of a power failure that was unknown when the transaction continued.
void Charging::check_outage_duration(Millis now) {
  Millis outage = 0;
  if (session_ != SessionState::resumed || !transactions_.outage_duration(outage)) return;
  on(SessionEvent::outage_known);
  if (outage <= Millis{1000} * settings_.power_resume_limit_s) return;
  log_.warning(kTag, "by the time of the CSMS the power was off too long: the transaction ends");
  end(StopReason::power_loss, "", now);
  report(now);
}

void Charging::end(StopReason reason, Text id_tag, Millis now) {
  if (!is_open(session_)) return;
  safety_.open_contactor();
  metering_.stop();
  metering_.keep(reading(now), ReadingContext::transaction_end, now);
  transactions_.end(reason, id_tag, energy_wh_, now);
  // OCPP 1.6 section 9.1, UnlockConnectorOnEVSideDisconnect, and section 3.5.4: a held cable is unlocked by the same
  // idTag.
  const bool holds = (reason == StopReason::ev_disconnected && !settings_.unlock_connector_on_ev_side_disconnect) ||
                     (reason == StopReason::de_authorized && cable_);
  const bool held = holds && !settings_.fixed_cable;
  on(held ? SessionEvent::ended_held : SessionEvent::ended);
  is_other_tag_pending_ = false;
  out_of_energy_ = false;
  finished_ = cable_;
  drive(now);
}

void Charging::drive(Millis now) {
  // The contactor opens before the lock opens, and closes after the lock has closed. OCPP 1.6 section 4.10: if the
  // cable is unplugged at the vehicle only, it stays locked here until the transaction ends.
  bool has_cable = cable_ || !settings_.stop_transaction_on_ev_side_disconnect;
  bool lock = is_open(session_) ? has_cable : session_ == SessionState::held || can_begin();
  bool charging =
      is_active(session_) && cable_ && vehicle_ready_ && !stopped_ && !power_fail_ && !out_of_energy_ && lock;
  // Give no energy before the record is stored: without the record, the energy could not be billed after a power cut.
  const bool accounted = transactions_.start_is_stored();
  // Give no current to a cable that can be pulled out: open the contactor as soon as the lock is not closed.
  if (safety_.contactor_closed() && !(charging && lock_.closed())) safety_.open_contactor();
  lock_.drive(lock, now);
  if (charging && accounted && lock_.closed() && !safety_.contactor_closed()) {
    power_.reset();
    safety_.close_contactor();
  }
}

// ---- status

ConnectorStatus Charging::current_status() const {
  if (stopped_ || out_of_service_ || session_ == SessionState::lock_failed) return ConnectorStatus::faulted;
  if (is_open(session_)) return status_in_transaction();
  if (unavailable_) return ConnectorStatus::unavailable;
  if (is_pending(session_)) return ConnectorStatus::preparing;
  if (finished_ || session_ == SessionState::held) return ConnectorStatus::finishing;
  return cable_ ? ConnectorStatus::preparing : ConnectorStatus::available;
}

ConnectorStatus Charging::status_in_transaction() const {
  if (!transactions_.start_is_stored()) return ConnectorStatus::preparing;
  // If vehicle and charge point both suspend the charge, the status is SuspendedEVSE (OCPP 1.6 section 4.9).
  if (session_ == SessionState::interrupted || power_fail_ || out_of_energy_ || !lock_.closed()) {
    return ConnectorStatus::suspended_evse;
  }
  if (!vehicle_ready_ || !cable_) return ConnectorStatus::suspended_ev;
  return safety_.contactor_closed() ? ConnectorStatus::charging : ConnectorStatus::suspended_evse;
}

Text Charging::error_code() const {
  if (stopped_) return "OtherError";
  if (out_of_service_ || unrecorded()) return "InternalError";
  return session_ == SessionState::lock_failed || (is_open(session_) && lock_.failed()) ? "ConnectorLockFailure"
                                                                                        : "NoError";
}

Text Charging::error_info() const {
  if (stopped_) return "emergency stop";
  if (out_of_service_) return "no storage";
  if (unrecorded()) return "transaction not stored";
  // Section 4.9 requires the reason of the suspension or the stop.
  bool unplugged = !cable_ && (session_ == SessionState::held || is_active(session_));
  return unplugged ? "EV side disconnected" : "";
}

/// Whether Unavailable has to wait for the end of the transaction, or for the removal of the cable.
bool Charging::in_use() const {
  return !unavailable_ && (is_open(session_) || cable_ || session_ == SessionState::held);
}

void Charging::report(Millis now) {
  if (!operative() && !in_use() && !unavailable_) {
    // Preparing leads to Unavailable only through Available (B1, A8).
    if (status_ == ConnectorStatus::preparing) set_status(ConnectorStatus::available, now);
    unavailable_ = true;
  }
  set_status(current_status(), now);
}

void Charging::set_status(ConnectorStatus status, Millis now) {
  if (status != status_) {
    status_ = status;
    status_since_ = now;
    log_.info(kTag, "connector is ", name_of(status));
  }
  // OCPP 1.6 section 9.1, MinimumStatusDuration. A fault does not wait for it.
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
