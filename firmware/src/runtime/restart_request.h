#pragma once

namespace pb {

/// Requests a restart of the device. The callback must be called on the loop, which ends after the present round.
struct RestartRequest {
  void (*call)(void* context) = nullptr;
  void* context = nullptr;
};

}  // namespace pb
