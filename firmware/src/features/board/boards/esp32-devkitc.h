#pragma once

namespace pb {

/// GPIO numbers on an ESP32-DevKitC. GPIO 34 and 35 are inputs without pulls: they need resistors at the pins.
namespace pins {

constexpr int kCable = 32;
constexpr int kVehicleReady = 33;
constexpr int kEmergencyStop = 25;
constexpr int kAuthButton = 26;
constexpr int kMeterPulse = 27;
constexpr int kPowerFail = 34;
constexpr int kLockFeedback = 35;

constexpr int kLedStatus = 18;
constexpr int kLedNetwork = 19;
constexpr int kLedFault = 21;
constexpr int kContactor = 22;
constexpr int kLock = 23;

}  // namespace pins

}  // namespace pb
