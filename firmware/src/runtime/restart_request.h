#pragma once

namespace pb {

/// Requests a restart of the device. Call `call` on the loop: the loop ends after the present round.
struct RestartRequest {
  void (*call)(void* context) = nullptr;
  void* context = nullptr;
};

}  // namespace pb
