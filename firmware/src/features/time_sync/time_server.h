#pragma once

#include "core/json_writer.h"
#include "features/logging/logger.h"
#include "features/time_sync/time_sync.h"
#include "port/network.h"
#include "port/sntp.h"
#include "runtime/feature.h"

namespace pb {

/// Asks the time server of the setting `ntp_server` while there is a network, and gives its times to TimeSync. The
/// console gets one line for each change of its state, not one for each answer.
class TimeServer final : public Feature {
 public:
  /// The time after which a missing answer is reported: several attempts of the client have failed by then.
  static constexpr Millis kSilent = 60'000;

  /// How long certificates should wait for the first answer: lwIP asks within 5 s after its start.
  static constexpr Millis kPatience = 10'000;

  /// Called on the loop.
  struct Listener {
    /// The server is asked for the first time. @param until the end of kPatience
    void (*asked)(void* context, Millis until) = nullptr;
    /// The server has answered, perhaps with a time that is not used.
    void (*answered)(void* context) = nullptr;
    void* context = nullptr;
  };

  TimeServer(Sntp& sntp, Network& network, TimeSync& time_sync, Logger& log)
      : sntp_(sntp), network_(network), time_sync_(time_sync), log_(log) {}

  void set_listener(Listener listener) { listener_ = listener; }
  /// Uses another server from now on. @param server of at most Sntp::kMaxServer bytes; empty: none
  void set_server(Text server);
  /// Writes the state, unless there is no server.
  void write_status(JsonWriter& json) const;

  const char* name() const override { return "time_server"; }
  Millis poll(Millis now) override;

 private:
  enum class State : uint8_t { waiting, silent, used, unusable, too_early, differs };
  static Text name_of(State state);

  void run(Millis now);
  void take(const SntpTime& received);
  void compare();
  /// @return whether this changes the state.
  bool become(State state);

  Sntp& sntp_;
  Network& network_;
  TimeSync& time_sync_;
  Logger& log_;
  Listener listener_;
  FixedText<Sntp::kMaxServer> server_;  ///< empty: none
  State state_ = State::waiting;
  bool is_running_ = false;
  bool has_time_ = false;  ///< whether the server has sent a usable time
  UnixMillis offset_ = 0;  ///< the time by that server at the moment 0 of the clock
  Millis silent_at_ = kNever;
};

}  // namespace pb
