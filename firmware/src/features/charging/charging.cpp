#include "features/charging/charging.h"

namespace pb {
namespace {

constexpr Text kTag = "charging";

}  // namespace

void Charging::start() {
  energy_wh_ = transactions_.energy_wh();
  pulses_ = board_.meter.count();
}

Millis Charging::poll(Millis now) {
  read_meter();
  vehicle_ready_ = board_.vehicle_ready.read();
  read_stop(now);
  read_cable(now);
  read_button(now);
  read_availability();
  if (authorized_ && now >= authorized_until_) {
    log_.info(kTag, "nobody plugged in: the authorization of ", id_tag_.text(), " has expired");
    forget_authorization();
  }
  begin_when_ready(now);
  sample_when_due(now);
  drive();
  report(now);
  if (stopped_ && !safety_.stop_pressed()) return now;  // a press that is over is shown for one round
  return earlier(authorized_ ? authorized_until_ : kNever, next_sample_);
}

void Charging::read_meter() {
  uint32_t pulses = board_.meter.count();
  energy_wh_ += static_cast<uint64_t>(pulses - pulses_) * kWhPerPulse;  // modulo 2^32, as it counts
  pulses_ = pulses;
  bool power_fail = board_.power_fail.read();
  if (power_fail && !power_fail_) {
    log_.warning(kTag, "mains power is gone");
    transactions_.save_energy(energy_wh_);
  } else {
    transactions_.note_energy(energy_wh_);
  }
  power_fail_ = power_fail;
}

void Charging::read_stop(Millis now) {
  // A press that is over already counts too: the contactor has opened.
  bool event = safety_.take_stop_event();
  stopped_ = safety_.stop_pressed() || event;
  if (!stopped_) return;
  forget_authorization();
  end(StopReason::emergency_stop, "", now);
  report(now);
}

void Charging::read_cable(Millis now) {
  bool cable = board_.cable.read();
  if (cable == cable_) return;
  cable_ = cable;
  log_.info(kTag, cable ? "cable plugged in" : "cable unplugged");
  if (!cable) {
    finishing_ = false;
    end(StopReason::ev_disconnected, "", now);
  }
  report(now);
}

void Charging::read_button(Millis now) {
  if (!events_.take_button()) return;
  bool bounce = pressed_before_ && now - last_press_ < kDebounce;
  last_press_ = now;
  pressed_before_ = true;
  Text id_tag = settings_.local_id_tag.text();
  if (bounce || asking_ || authorized_) return;
  if (id_tag.empty()) {
    log_.warning(kTag, "the button was pressed, but local_id_tag is not set");
  } else if (stopped_) {
    log_.warning(kTag, "an idTag was presented while the emergency stop is pressed");
  } else if (!operative() && !transactions_.open()) {
    log_.warning(kTag, "an idTag was presented while the connector is inoperative");
  } else if (!transactions_.open()) {
    id_tag_.assign(id_tag);
    asking_ = true;
    report(now);
    listener_->on_id_tag(id_tag, now);
  } else if (transactions_.id_tag() == id_tag) {
    end(StopReason::local, id_tag, now);
    report(now);
  } else {
    log_.warning(kTag, "another idTag has started this transaction");
  }
}

/// OCPP 1.6 section 5.2: a transaction goes on to its end, what has not become one does not begin.
void Charging::read_availability() {
  if (operative() || transactions_.open()) return;
  forget_authorization();
  finishing_ = false;
}

void Charging::authorized(bool accepted, Millis now) {
  if (!asking_) return;
  asking_ = false;
  if (!accepted) {
    log_.warning(kTag, "idTag ", id_tag_.text(), " is not accepted");
    report(now);
    return;
  }
  authorized_ = true;
  authorized_until_ = now + Millis{1000} * settings_.connection_timeout_s;
  begin_when_ready(now);
}

bool Charging::remote_start(Text id_tag, Millis now, bool authorize) {
  if (stopped_ || !operative() || transactions_.open() || asking_ || authorized_ || !id_tag_.assign(id_tag)) {
    return false;
  }
  asking_ = true;
  if (authorize) {
    report(now);
    listener_->on_id_tag(id_tag, now);
  } else {
    authorized(true, now);
  }
  return true;
}

void Charging::unlock(Millis now) {
  stop(StopReason::unlock_command, now);
  board_.lock.set(false);
}

bool Charging::remote_stop(int64_t transaction_id, Millis now) {
  int64_t id = 0;
  if (!transactions_.transaction_id(id) || id != transaction_id) return false;
  stop(StopReason::remote, now);
  return true;
}

void Charging::stop(StopReason reason, Millis now) {
  read_meter();
  forget_authorization();
  end(reason, "", now);
  report(now);
}

void Charging::on_start_not_accepted(Text status, Millis now) {
  // OCPP 1.6 section 9.1.24, StopTransactionOnInvalidId.
  log_.warning(kTag, "the CSMS answered StartTransaction with ", status);
  stop(StopReason::de_authorized, now);
}

void Charging::begin_when_ready(Millis now) {
  if (!authorized_ || !cable_ || stopped_ || transactions_.open()) return;
  bool begun = transactions_.begin(id_tag_.text(), energy_wh_, now);
  forget_authorization();
  if (!begun) return;
  finishing_ = false;
  // OCPP 1.6 section 9.1.16: an interval of 0 means no samples.
  Millis interval = Millis{1000} * settings_.meter_value_sample_interval_s;
  next_sample_ = interval == 0 ? kNever : now + interval;
  drive();
  report(now);
}

void Charging::sample_when_due(Millis now) {
  if (now < next_sample_) return;
  transactions_.sample(energy_wh_, now);
  // After a delay the old rhythm goes on, without making up for what was missed.
  Millis interval = Millis{1000} * settings_.meter_value_sample_interval_s;
  next_sample_ = interval == 0 ? kNever : next_sample_ + interval * ((now - next_sample_) / interval + 1);
}

void Charging::end(StopReason reason, Text id_tag, Millis now) {
  if (!transactions_.open()) return;
  safety_.open_contactor();
  transactions_.end(reason, id_tag, energy_wh_, now);
  next_sample_ = kNever;
  finishing_ = cable_;
  drive();
}

void Charging::drive() {
  bool charging = transactions_.open() && vehicle_ready_ && !stopped_;
  if (charging && !safety_.contactor_closed()) {
    safety_.close_contactor();
  } else if (!charging && safety_.contactor_closed()) {
    safety_.open_contactor();
  }
  board_.lock.set(transactions_.open() && cable_);
}

void Charging::forget_authorization() {
  asking_ = false;
  authorized_ = false;
  authorized_until_ = kNever;
}

ConnectorStatus Charging::current_status() const {
  if (stopped_) return ConnectorStatus::faulted;
  if (transactions_.open()) {
    if (!vehicle_ready_) return ConnectorStatus::suspended_ev;
    return safety_.contactor_closed() ? ConnectorStatus::charging : ConnectorStatus::suspended_evse;
  }
  if (!operative()) return ConnectorStatus::unavailable;
  if (asking_ || authorized_) return ConnectorStatus::preparing;
  if (finishing_) return ConnectorStatus::finishing;
  return cable_ ? ConnectorStatus::preparing : ConnectorStatus::available;
}

void Charging::report(Millis now) {
  ConnectorStatus status = current_status();
  if (status == status_) return;
  status_ = status;
  log_.info(kTag, "connector is ", name_of(status));
  listener_->on_status(status, now);
}

}  // namespace pb
