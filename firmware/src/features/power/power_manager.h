#pragma once

#include "features/board/board.h"
#include "features/charging/charging.h"
#include "features/config/settings.h"
#include "features/log_store/log_store.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/messenger.h"
#include "features/websocket/connection.h"
#include "port/clock.h"
#include "port/network.h"
#include "port/power.h"
#include "runtime/feature.h"

namespace pb {

/// The state of the device that decides about its use of energy.
enum class PowerState : uint8_t {
  busy,     ///< full speed
  idle,     ///< saves energy as the settings allow
  failing,  ///< mains power has failed: the hold-up capacitor is for the flash
};

constexpr Text name_of(PowerState state) {
  switch (state) {
    case PowerState::busy:
      return "busy";
    case PowerState::idle:
      return "idle";
    case PowerState::failing:
      return "failing";
  }
  return "unknown";
}

/// Saves energy while the device is idle, and writes the log to flash when the mains power fails. README.md has the
/// rules.
class PowerManager final : public Feature {
 public:
  /// The device is idle after that time without work.
  static constexpr Millis kIdleAfter = 5'000;
  /// The log is written after this time even if the flash has rejected the transactions, so that they are not stored.
  static constexpr Millis kFlushAnyway = 1'000;

  PowerManager(const Clock& clock, Power& power, Network& network, Board& board, const Charging& charging,
               const Connection& connection, const Messenger& messenger, const Transactions& transactions,
               LogStore& log_store, const Settings& settings, Logger& log)
      : clock_(clock),
        power_(power),
        network_(network),
        board_(board),
        charging_(charging),
        connection_(connection),
        messenger_(messenger),
        transactions_(transactions),
        log_store_(log_store),
        settings_(settings),
        log_(log) {}

  PowerState state() const { return state_; }
  /// The time since the boot in which the device was idle.
  Millis idle_time() const { return idle_time_ + (state_ == PowerState::idle ? clock_.now() - since_ : 0); }
  /// The time from the last failure of the mains power until energy, messages and log were on flash; 0 without a
  /// failure.
  Millis flush_time() const { return flush_time_; }
  /// Adds the member `power`: the state, the ways to save energy that are in use, and the level of a brown-out.
  void write_status(JsonWriter& json) const;

  const char* name() const override { return "power"; }
  Millis poll(Millis now) override;

 private:
  enum class Flush : uint8_t { none, waits_for_transactions, waits_for_log };

  bool is_busy() const;
  PowerMode mode_of(PowerState state) const;
  Millis watch_mains(bool has_failed, Millis now);
  Millis continue_flush(Millis now);
  void flushed(StorageResult result);
  void enter(PowerState state, Millis now);
  void apply();
  void set_brownout();

  const Clock& clock_;
  Power& power_;
  Network& network_;
  Board& board_;
  const Charging& charging_;
  const Connection& connection_;
  const Messenger& messenger_;
  const Transactions& transactions_;
  LogStore& log_store_;
  const Settings& settings_;
  Logger& log_;

  PowerState state_ = PowerState::busy;
  Millis since_ = 0;  ///< the start of the state
  Millis busy_at_ = 0;
  Millis idle_time_ = 0;
  PowerMode mode_;
  NetworkState link_ = NetworkState::down;
  bool is_applied_ = false;
  uint32_t brownout_setting_ = 0;
  uint32_t brownout_mv_ = 0;

  Flush flush_ = Flush::none;
  Millis failed_at_ = 0;
  Millis flush_time_ = 0;
};

}  // namespace pb
