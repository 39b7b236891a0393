#pragma once

#include "features/serial_debug/serial_debug.h"
#include "features/wifi/stored_networks.h"
#include "port/network.h"

namespace pb {

/// The console command `wifi`: shows and changes the stored networks, and scans.
class WifiConsole final : public Feature {
 public:
  /// The most access points of a scan that are shown.
  static constexpr size_t kMaxFound = 12;
  static constexpr Millis kScanLimit = 15'000;

  WifiConsole(Network& network, StoredNetworks& stored, Logger& console)
      : network_(network), stored_(stored), console_(console) {}

  /// The command to register.
  Command command();

  const char* name() const override { return "wifi_console"; }
  Millis poll(Millis now) override;

 private:
  void run(Text arguments);
  void add(Text arguments);
  void remove(Text arguments);
  void list();
  void scan();
  void answer_scan();
  StorageDone answer_when_stored();

  Network& network_;
  StoredNetworks& stored_;
  Logger& console_;
  bool is_scanning_ = false;
  Millis scan_limit_ = kNever;
};

}  // namespace pb
