#pragma once

namespace pb {

/// GPIO numbers on an ESP32-C3-DevKitM. The chip has GPIO 0 to 21: 11 to 17 are its flash, 20 and 21 its console, 9 is
/// BOOT. 2 and 8 must be high when BOOT is low at a reset, so they are outputs. 18 and 19 are its USB until the
/// firmware makes them outputs; GPIO 19 is pulled up until then, so it drives an LED and not the contactor.
namespace pins {

constexpr int kCable = 0;
constexpr int kVehicleReady = 1;
constexpr int kEmergencyStop = 3;
constexpr int kAuthButton = 4;
constexpr int kMeterPulse = 5;
constexpr int kPowerFail = 6;
constexpr int kLockFeedback = 7;

constexpr int kLedStatus = 8;
constexpr int kLedNetwork = 19;
constexpr int kLedFault = 2;
constexpr int kContactor = 10;
constexpr int kLock = 18;

}  // namespace pins

}  // namespace pb
