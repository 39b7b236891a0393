#pragma once

namespace pb {

/// Requests a restart of the device. The callback is called on the loop, which ends after its round.
struct RestartRequest {
  void (*call)(void* context) = nullptr;
  void* context = nullptr;
};

}  // namespace pb
