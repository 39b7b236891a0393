#include "features/power/power_manager.h"

namespace pb {
namespace {

constexpr Text kTag = "power";
/// The pause before the next attempt while another flush of the log is in progress.
constexpr Millis kPause = 10;

}  // namespace

Millis PowerManager::poll(Millis now) {
  set_brownout();
  const bool has_failed = board_.power_fail.read();  // read once: it may change between two reads
  const Millis flush_due = watch_mains(has_failed, now);
  if (is_busy()) busy_at_ = now;
  const bool is_idle = now - busy_at_ >= kIdleAfter;
  enter(has_failed ? PowerState::failing : is_idle ? PowerState::idle : PowerState::busy, now);
  const Millis idle_due = state_ == PowerState::busy ? busy_at_ + kIdleAfter : kNever;
  // While there is work, the end of the work wakes the loop.
  return earlier(flush_due, idle_due > now ? idle_due : now + kIdleAfter);
}

/// Whether the device needs its full speed.
bool PowerManager::is_busy() const {
  const NetworkState link = network_.state();
  return charging_.in_use() || link == NetworkState::associating || link == NetworkState::dhcp ||
         connection_.is_connecting() || (connection_.connected() && messenger_.queued() != 0) ||
         !transactions_.all_saved() || log_store_.busy();
}

PowerMode PowerManager::mode_of(PowerState state) const {
  PowerMode mode;
  // While the supply fails, the CPU stays fast, because it writes to flash. Nothing needs the radio then.
  mode.modem_sleep = state != PowerState::busy && settings_.modem_sleep;
  if (state != PowerState::idle) return mode;
  mode.cpu_scaling = settings_.cpu_scaling;
  mode.light_sleep = settings_.light_sleep;
  return mode;
}

void PowerManager::enter(PowerState state, Millis now) {
  if (state != state_) {
    idle_time_ = idle_time();
    since_ = now;
    state_ = state;
    log_.debug(kTag, name_of(state));
  }
  const PowerMode mode = mode_of(state);
  const NetworkState link = network_.state();
  if (is_applied_ && mode == mode_ && link == link_) return;
  link_ = link;
  // The same mode is applied again when the link changes: do not repeat its warning.
  const bool is_new = !is_applied_ || mode != mode_;
  mode_ = mode;
  is_applied_ = true;
  if (!power_.apply(mode) && is_new) {
    log_.warning(kTag, "the chip has rejected a way to save energy", Field{"cpu_scaling", mode.cpu_scaling},
                 Field{"modem_sleep", mode.modem_sleep}, Field{"light_sleep", mode.light_sleep});
  }
}

void PowerManager::set_brownout() {
  if (settings_.brownout_mv == brownout_setting_) return;
  brownout_setting_ = settings_.brownout_mv;
  brownout_mv_ = power_.set_brownout(brownout_setting_);
}

/// Flushes the log when the mains fails. Energy and messages go first: `charging` and `transactions` save them, and are
/// polled before. The log follows when both are saved, or when that takes too long.
Millis PowerManager::watch_mains(bool has_failed, Millis now) {
  if (has_failed && state_ != PowerState::failing) {
    failed_at_ = now;
    flush_ = Flush::waits_for_transactions;
  }
  if (!has_failed && flush_ == Flush::waits_for_transactions) flush_ = Flush::none;
  return flush_ == Flush::waits_for_transactions ? continue_flush(now) : kNever;
}

Millis PowerManager::continue_flush(Millis now) {
  const bool is_stored = transactions_.energy_saved(charging_.energy_wh()) && transactions_.all_saved();
  const Millis anyway = failed_at_ + kFlushAnyway;
  if (!is_stored && now < anyway) return anyway;
  // A flickering input must not wear the flash.
  if (settings_.log_files == 0 || !log_store_.has_credit()) {
    flushed(StorageResult::ok);
    return kNever;
  }
  flush_ = Flush::waits_for_log;
  const bool has_begun = log_store_.flush(
      {[](void* self, StorageResult result) { static_cast<PowerManager*>(self)->flushed(result); }, this});
  if (has_begun) return kNever;
  flush_ = Flush::waits_for_transactions;
  return now + kPause;
}

void PowerManager::flushed(StorageResult result) {
  flush_ = Flush::none;
  if (result == StorageResult::ok) flush_time_ = clock_.now() - failed_at_;
}

void PowerManager::write_status(JsonWriter& json) const {
  json.key("power").begin_object();
  json.member("state", name_of(state_));
  json.member("cpu_scaling", mode_.cpu_scaling);
  json.member("modem_sleep", mode_.modem_sleep);
  json.member("light_sleep", mode_.light_sleep);
  json.member("brownout_mv", brownout_mv_);
  json.end_object();
}

}  // namespace pb
