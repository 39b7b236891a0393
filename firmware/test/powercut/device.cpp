#include "powercut/device.h"

#include <string.h>

#include <algorithm>

#include "powercut/images.h"
#include "powercut/invariants.h"

namespace pb::powercut {
namespace {

/// Rounds in which the code returns after a cut, and the time between: longer than the pause after a failed write.
constexpr int kUnwindRounds = 4;
constexpr Millis kUnwindStep = 6'000;

constexpr int kAttempts = 2;

constexpr int kWhPerHalfSecond = 5;
constexpr const char* kNote = "note: number ";
constexpr const char* kPassword = "password=";
constexpr size_t kPasswordLength = 14;
constexpr const char* kMainsFailure = "charging: mains power has failed";
constexpr uint32_t kNotesKept = 4;
constexpr UnixMillis kPowerGap = 5'000;
/// Bytes of an answer after which nothing else fits into the output of the connection.
constexpr size_t kLongAnswer = 4'000;

}  // namespace

void Device::power_on(ResetReason reason) {
  if (world_.flash.dead()) return;
  if (life_ != nullptr) power_off();
  world_.flash.on_cut = [](void* self) { static_cast<Device*>(self)->on_power_cut(); };
  world_.flash.cut_context = this;
  if (reason == ResetReason::power_on) {
    world_.now += kPowerGap;
    retained_.lose_power();
  }
  ++world_.boots;
  if (world_.has_images && !boot_image(world_)) return;
  life_ = std::make_unique<Life>(world_, world_.seed * 7919u + world_.boots * 104729u);
  active_at_ = 0;
  Life& life = *life_;
  life.system.reason = reason;
  if (world_.has_images) {
    life.tcp.has_listener = true;
    life.updates.set_running(world_.running);
    life.system.on_trial = posix::OtaData(life.otadata).on_trial();
    life.system.when_confirmed = [&life] { posix::OtaData(life.otadata).confirm(); };
  }
  life.gpio.drive(pins::kEmergencyStop, false);
  life.gpio.drive(pins::kCable, world_.cable);
  life.gpio.drive(pins::kVehicleReady, world_.vehicle_ready);
  life.gpio.hook_context = this;
  // Energy flows from the moment at which the contactor closes, not from the next round of the loop.
  life.gpio.before_write = [](void* context, int pin, bool level) {
    auto& self = *static_cast<Device*>(context);
    if (pin != pins::kContactor || !level || !self.alive() || !self.world_.vehicle_ready) return;
    if (self.contactor_closed()) return;
    self.world_.flow();
    self.life_->gpio.pulse(pins::kMeterPulse);
  };
  life.app = std::make_unique<App>(
      Ports{life.clock, life.rng,     life.gpio,      life.interlock, life.edges,   life.uart,  life.network,
            life.tls,   world_.flash, world_.secrets, life.heap,      life.worker,  life.waker, life.system,
            retained_,  life.power,   life.schemas_0, life.schemas_1, life.updates, life.udp,   life.sntp});
  if (alive()) take_console();
}

void Device::power_off() {
  if (life_ == nullptr) return;
  if (world_.flash.dead()) {
    for (int i = 0; i < kUnwindRounds; ++i) {
      life_->app->run_once();
      life_->clock.advance(kUnwindStep);
    }
  } else {
    if (contactor_closed()) ++world_.outages;
    take_messages(false);
    take_console();
  }
  life_.reset();
  world_.flash.on_cut = nullptr;
}

/// Messages sent before the cut may have arrived; no answer arrives.
void Device::on_power_cut() {
  ++world_.outages;
  if (life_ == nullptr) return;  // in the boot loader
  take_messages(false);
  take_console();
}

void Device::advance(Millis duration) {
  life_->clock.advance(duration);
  world_.now += static_cast<UnixMillis>(duration);
}

void Device::round(Millis limit) {
  if (!alive()) return;
  const Millis due = life_->app->run_once();
  if (!alive()) return;
  if (life_->app->restart_requested()) return power_on(ResetReason::software);
  const Millis next = uptime() + 1;
  if (serve() || due <= next) return advance(1);
  advance((due < limit ? due : limit > next ? limit : next) - uptime());
}

/// Simulates the environment. @return whether anything happened.
bool Device::serve() {
  bool busy = serve_network();
  if (life_->upgraded) busy = take_messages(true) || busy;
  take_console();
  if (world_.flash.operations() != operations_ || life_->worker.waiting() > 0 || life_->tls.is_securing()) busy = true;
  operations_ = world_.flash.operations();
  if (busy) active_at_ = uptime();
  return busy;
}

bool Device::serve_network() {
  Life& life = *life_;
  if (life.network.state() == NetworkState::associating) {
    life.network.become(NetworkState::up);
    return true;
  }
  if (life.tcp.opens != life.opens) {
    life.opens = life.tcp.opens;
    life.upgraded = false;
    if (!world_.csms_reachable) {
      csms_end().state = TcpState::closed;
      return false;
    }
    if (csms_end().state == TcpState::connecting) life.csms.accept_tcp();
    return true;
  }
  if (life.opens == 0 || life.upgraded || csms_end().state != TcpState::open ||
      csms_end().sent.find("\r\n\r\n") == std::string::npos)
    return false;
  life.csms.accept_handshake();
  world_.csms.connected();
  return life.upgraded = true;
}

bool Device::take_messages(bool deliver) {
  if (!life_->upgraded) return false;
  bool any = false;
  deliver = deliver && csms_end().state == TcpState::open;
  for (const WsPeer::Frame& frame : life_->csms.take_frames()) {
    if (frame.opcode == 9 && deliver) life_->csms.send_pong();
    if (frame.opcode != 1) continue;
    const std::string answer = world_.csms.take(frame.payload, world_.now, world_.boots);
    if (deliver && world_.csms.log().back().action == "StartTransaction") check_start_copy(world_);
    if (deliver && !answer.empty()) life_->csms.send(answer);
    any = any || answer.empty() || world_.csms.log().back().action != "Heartbeat";
  }
  const std::string* answer = csms_change_.key.empty() ? nullptr : world_.csms.answer(csms_change_.id);
  if (answer != nullptr) {
    if (answer->find("Rejected") == std::string::npos) world_.acknowledge(csms_change_.key, csms_change_.value);
    csms_change_ = Change();
  }
  return any;
}

void Device::take_console() {
  const std::string text = life_->uart.take();
  if (keep_console) console_ += text;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c != '\n') {
      line_ += c;
      continue;
    }
    const size_t note = line_.find(kNote);
    if (line_.compare(0, 2, "L ") == 0 && note != std::string::npos) {
      notes_.push_back(static_cast<uint32_t>(std::stoul(line_.substr(note + strlen(kNote)))));
    }
    if (const size_t at = line_.find(kPassword); at != std::string::npos) {
      password_ = line_.substr(at + strlen(kPassword), kPasswordLength);
    }
    if (line_.compare(0, 2, "L ") == 0 && line_.find(kMainsFailure) != std::string::npos) log_has_failure_ = true;
    if (line_.compare(0, 2, "= ") == 0) {
      answer_ = line_.substr(2);
      if (flushing_ != 0 && answer_ == "ok") world_.notes_stored = flushing_;
      flushing_ = 0;
      if (!console_change_.key.empty() && answer_ == "ok")
        world_.acknowledge(console_change_.key, console_change_.value);
      console_change_ = Change();
    }
    line_.clear();
  }
}

void Device::run_for(Millis duration) {
  run_until([] { return false; }, duration);
}

bool Device::settle() {
  const uint64_t before = world_.flash.operations();
  const auto is_busy_with_flash = [this, before] {
    return world_.flash.operations() - before > world_.most_operations;
  };
  for (const Millis end = uptime() + kSettleLimit; alive() && uptime() < end;) {
    if (!run_until([&] { return quiet() || is_busy_with_flash(); }, kSettleLimit)) break;
    if (is_busy_with_flash()) {
      world_.violate("unbounded", "more than " + std::to_string(world_.most_operations) +
                                      " flash operations, and the device is still busy");
      return false;
    }
    const Status now = status();
    if (now.answered && (!world_.csms_reachable || !world_.provisioned || (now.accepted && now.queue == 0)))
      return true;
    active_at_ = uptime();
  }
  if (alive()) world_.violate("stuck", "the device is still busy after 30 s: " + command("status"));
  return false;
}

std::string Device::command(const std::string& line) {
  if (!alive()) return "";
  answer_.clear();
  life_->uart.type(line + "\r\n");
  run_until([this] { return !answer_.empty(); }, kAnswerLimit);
  std::string answer;
  answer.swap(answer_);
  return alive() ? answer : "";
}

Status Device::status() {
  Status status;
  const std::string text = command("status");
  JsonError error;
  const JsonValue json = parse_json({text.data(), text.size()}, error);
  if (json.kind() != JsonKind::object) return status;
  status.answered = true;
  json.find("accepted").get(status.accepted);
  json.find("energy_wh").get_unsigned(status.energy_wh);
  json.find("queue").get_unsigned(status.queue);
  status.transaction_open = json.find("transaction").kind() == JsonKind::number;
  return status;
}

void Device::set(const std::string& key, const std::string& value) {
  if (!alive()) return;
  world_.change(key, value);
  console_change_ = {"", key, value};
  const std::string answer = command("set " + key + " " + value);
  if (alive() && answer != "ok") world_.violate("refused", "set " + key + ": " + answer);
}

std::string Device::call(const std::string& action, const std::string& payload) {
  std::string id;
  const std::string* answer = nullptr;
  // A CSMS that loses the connection sends its request again on the next one.
  for (int attempt = 0; attempt < kAttempts && answer == nullptr; ++attempt) {
    if (!alive() || !run_until([this] { return is_connected(); }, kAnswerLimit)) return "";
    life_->csms.send(world_.csms.request(action, payload, id));
    if (csms_change_.id.empty()) csms_change_.id = id;
    run_until([this, &id] { return world_.csms.answer(id) != nullptr || !is_connected(); }, kAnswerLimit);
    answer = world_.csms.answer(id);
  }
  if (alive() && answer == nullptr) world_.violate("refused", action + " is not answered");
  return alive() && answer != nullptr ? *answer : "";
}

void Device::call_to_store(const std::string& action, const std::string& payload, const std::string& key,
                           const std::string& value) {
  if (!alive()) return;
  world_.change(key, value);
  csms_change_ = {"", key, value};
  const std::string answer = call(action, payload);
  if (alive() && answer.find("Rejected") != std::string::npos) world_.violate("refused", action + ": " + answer);
}

std::string Device::browse(const std::string& request, size_t bytes) {
  if (!alive()) return "";
  FakeTcp& tcp = life_->tcp;
  const uint32_t boot = world_.boots;
  ++tcp.callers;
  run_until([&tcp] { return tcp.callers == 0; }, kAnswerLimit);
  if (!alive()) return "";
  FakeTcp::Peer& client = tcp.peer(tcp.last);
  client.incoming = request.substr(0, bytes);
  if (bytes < request.size()) {
    run_until([&client] { return client.incoming.empty(); }, kAnswerLimit);
    client.state = TcpState::closed;
    return "";
  }
  run_until([&] { return world_.boots != boot || !client.used; }, kAnswerLimit);
  if (!alive() || world_.boots != boot) return "";
  if (client.used) world_.violate("refused", request.substr(0, request.find('\r')) + " is not answered");
  return client.sent;
}

void Device::note() {
  if (!alive()) return;
  const uint32_t number = ++world_.notes;
  command("log note number " + std::to_string(number) + " " + std::string(220, 'x'));
  flushing_ = number;
  const std::string answer = command("log flush");
  if (alive() && answer != "ok") world_.violate("refused", "log flush: " + answer);
}

void Device::check_log() {
  notes_.clear();
  log_has_failure_ = false;
  const std::string answer = command("log dump");
  if (!alive()) return;
  if (world_.mains_failed && log_has_failure_) check_energy_of_failure();
  if (world_.notes == 0) return;
  for (size_t i = 1; i < notes_.size(); ++i) {
    if (notes_[i] != notes_[i - 1] + 1) {
      world_.violate("log-order", "note " + std::to_string(notes_[i]) + " follows " + std::to_string(notes_[i - 1]));
    }
  }
  // Each boot begins a file: of six, four boots after the last note leave two.
  const uint32_t kept = world_.notes_stored < kNotesKept ? world_.notes_stored : kNotesKept;
  for (uint32_t number = world_.notes_stored - kept + 1; number <= world_.notes_stored; ++number) {
    if (std::find(notes_.begin(), notes_.end(), number) == notes_.end()) {
      world_.violate("log-lost", "note " + std::to_string(number) + " was acknowledged, the log has " +
                                     std::to_string(notes_.size()) + " notes: " + answer);
    }
  }
}

/// The log is written after the energy, so it has the failure only if the register has the energy of that moment.
void Device::check_energy_of_failure() {
  const uint64_t stored = status().energy_wh;
  if (!alive() || stored >= world_.energy_at_failure_wh) return;
  world_.violate("log-before-energy", "the log has the failure of the mains power, the register has " +
                                          std::to_string(stored) + " of " +
                                          std::to_string(world_.energy_at_failure_wh) + " Wh");
}

void Device::check_sockets() {
  if (!alive()) return;
  const size_t used = life_->tcp.sockets_in_use();
  if (used > 1) world_.violate("socket-leaks", std::to_string(used) + " sockets are in use");
}

void Device::check_connection() {
  const bool connects = run_until([this] { return is_connected(); }, kAnswerLimit);
  if (connects && settle() && status().accepted) return;
  if (alive()) world_.violate("no-connection", "the device does not connect again");
}

void Device::damage(const char* file) {
  if (!alive()) return;
  power_off();
  flip_bit(world_.flash, file);
  power_on();
}

void Device::plug(bool in) {
  if (!alive()) return;
  world_.cable = in;
  life_->gpio.drive(pins::kCable, in);
  run_for(5);
}

void Device::vehicle(bool ready) {
  if (!alive()) return;
  world_.vehicle_ready = ready;
  life_->gpio.drive(pins::kVehicleReady, ready);
  run_for(5);
}

void Device::press_button() {
  if (!alive()) return;
  run_for(100);
  if (!alive()) return;
  life_->gpio.drive(pins::kAuthButton, true);
  run_for(100);
  if (!alive()) return;
  life_->gpio.drive(pins::kAuthButton, false);
  run_for(100);
}

void Device::charge(int half_seconds) {
  for (int i = 0; i < half_seconds && alive(); ++i) {
    for (int pulse = 0; pulse < kWhPerHalfSecond && contactor_closed(); ++pulse) {
      world_.flow();
      life_->gpio.pulse(pins::kMeterPulse);
    }
    run_for(500);
  }
}

void Device::fail_mains() {
  if (!alive()) return;
  world_.mains_failed = true;
  world_.energy_at_failure_wh = world_.energy_wh;
  life_->gpio.drive(pins::kPowerFail, true);
}

void Device::stop_reading() {
  if (!is_connected()) return;
  csms_end().window = 0;
  std::string id;
  life_->csms.send(world_.csms.request(
      "DataTransfer", R"({"vendorId":"Plugbench","messageId":"Echo","data":")" + std::string(kLongAnswer, 'x') + "\"}",
      id));
}

void Device::read_again() {
  if (!alive()) return;
  csms_end().window = FakeTcp::Peer().window;
  active_at_ = uptime();
}

void Device::answer_late() {
  if (!alive() || !life_->upgraded) return;
  life_->csms.send(world_.csms.late_answer);
  active_at_ = uptime();
}

void Device::set_reachable(bool reachable) {
  if (!alive()) return;
  world_.csms_reachable = reachable;
  if (!reachable && life_->opens > 0) {
    take_messages(false);
    csms_end().state = TcpState::closed;
    life_->upgraded = false;
  }
  active_at_ = uptime();
}

}  // namespace pb::powercut
