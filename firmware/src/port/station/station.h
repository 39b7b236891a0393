#pragma once

#include "port/network.h"

namespace pb {

/// A radio in station mode as `Station` uses it. A call starts an action, and an event reports the result.
class StationDriver {
 public:
  enum class Connect : uint8_t {
    started,
    busy,    ///< the station is joined or joining: it has to leave first
    failed,  ///< no event will follow
  };
  /// Starts to join the network that the port has prepared.
  virtual Connect connect() = 0;
  /// Leaves the network, or aborts the attempt. @return false when there is nothing to leave, so that no event follows
  virtual bool disconnect() = 0;
  /// Whether the driver is associated with an access point.
  virtual bool is_joined() const = 0;

 protected:
  ~StationDriver() = default;
};

enum class StationEvent : uint8_t { started, joined, left, got_address, lost_address };

/// The state of a Wi-Fi station by its driver's events, which may be missing, late or duplicated. Every platform with a
/// radio uses it, on the loop only.
class Station {
 public:
  explicit Station(StationDriver& driver) : driver_(driver) {}
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;

  NetworkState state() const { return state_; }
  uint32_t losses() const { return losses_; }
  uint16_t reason() const { return reason_; }

  /// Starts an attempt; ignored unless down.
  void begin() {
    if (state_ != NetworkState::down) return;
    state_ = NetworkState::associating;
    // If the driver has not started, or is still leaving, its next event starts the attempt.
    if (is_started_ && !is_leaving_) connect();
  }

  /// Leaves, or aborts the attempt.
  void end(uint16_t reason) {
    if (state_ == NetworkState::down) return;
    fall(reason);
    // If the event that answers an earlier disconnect() has not come by now, treat it as lost: the next attempt must
    // not wait for it.
    is_leaving_ = is_started_ && !is_leaving_ && driver_.disconnect();
  }

  /// Handles an event of the driver. @param reason of `left`: why
  void handle(StationEvent event, uint16_t reason = Network::kReasonNone) {
    switch (event) {
      case StationEvent::started:
        is_started_ = true;
        if (state_ == NetworkState::associating) connect();
        return;
      case StationEvent::joined:
        // This also applies in the state `down`: a late `left` of an earlier link can end the attempt here, but not in
        // the driver.
        if (!is_leaving_ && (state_ == NetworkState::associating || state_ == NetworkState::down)) {
          state_ = NetworkState::dhcp;
        }
        return;
      case StationEvent::got_address:
        if (state_ == NetworkState::dhcp) state_ = NetworkState::up;
        return;
      case StationEvent::lost_address:
        // The station is still joined, but has no address: leave, so that the caller starts a new attempt.
        if (state_ == NetworkState::up || state_ == NetworkState::dhcp) end(Network::kReasonAddressLost);
        return;
      case StationEvent::left:
        return on_left(reason);
    }
  }

 private:
  void on_left(uint16_t reason) {
    if (is_leaving_) {
      // This event answers disconnect(). It must not end an attempt that began meanwhile.
      is_leaving_ = false;
      if (state_ == NetworkState::associating) connect();
      return;
    }
    // A late or second answer to disconnect() must not end an attempt either. A late event of an earlier link must not
    // end the present link.
    if (reason == Network::kReasonLeave && state_ == NetworkState::associating) return;
    if ((state_ == NetworkState::dhcp || state_ == NetworkState::up) && driver_.is_joined()) return;
    fall(reason);
  }

  void connect() {
    switch (driver_.connect()) {
      case StationDriver::Connect::started:
        return;
      case StationDriver::Connect::busy:
        is_leaving_ = driver_.disconnect();
        if (!is_leaving_) fall(Network::kReasonDriver);
        return;
      case StationDriver::Connect::failed:
        fall(Network::kReasonDriver);
        return;
    }
  }

  /// Goes down. Going down from `up` is a loss.
  void fall(uint16_t reason) {
    if (state_ == NetworkState::down) return;
    if (state_ == NetworkState::up) ++losses_;
    state_ = NetworkState::down;
    reason_ = reason;
  }

  StationDriver& driver_;
  NetworkState state_ = NetworkState::down;
  uint32_t losses_ = 0;
  uint16_t reason_ = Network::kReasonNone;
  bool is_started_ = false;
  bool is_leaving_ = false;  ///< disconnect() was called, and the event that answers it has not come
};

}  // namespace pb
