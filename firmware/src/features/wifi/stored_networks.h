#pragma once

#include "core/json_writer.h"
#include "core/span.h"
#include "core/text.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "port/secrets.h"
#include "port/worker.h"

namespace pb {

/// A network to join; the texts are borrowed.
struct WifiNetwork {
  uint8_t priority = 0;  ///< the lowest is tried first
  Text ssid;
  Text psk;  ///< empty: open
};

/// The networks that are tried besides the network of the settings, in the order of their priority. They are one blob
/// of the Secrets: a count, then for each network its priority and the length and bytes of name and key (FORMAT.md).
class StoredNetworks {
 public:
  static constexpr size_t kMaxNetworks = 4;
  static constexpr size_t kMaxSsid = 32;
  static constexpr size_t kMaxPsk = 64;
  static constexpr uint32_t kMaxPriority = 9;
  /// The error of add() and remove() while the list is being stored: a retry can succeed.
  static constexpr char kBusy[] = "the list of networks is being stored, try again";

  StoredNetworks(Secrets& secrets, Worker& worker, Logger& log) : secrets_(secrets), worker_(worker), log_(log) {}

  /// Reads the list, at start-up.
  void load();
  size_t count() const { return networks_.bytes[0]; }
  /// @param index below count()  @return valid until the list changes
  WifiNetwork at(size_t index) const;
  /// Writes all as an array, without their keys.
  void write(JsonWriter& json) const;

  /// Adds a network, or replaces the network of that name; `done` is called on the loop when that is durable.
  /// @return the problem, or nullptr
  const char* add(const WifiNetwork& network, StorageDone done);
  /// Removes a network, as add().
  const char* remove(Text ssid, StorageDone done);

 private:
  static constexpr size_t kMaxLength = 1 + kMaxNetworks * (3 + kMaxSsid + kMaxPsk);
  struct List {
    uint8_t bytes[kMaxLength] = {};
    size_t length = 1;

    void append(const WifiNetwork& network);
  };

  static bool is_valid(const List& list);
  const char* store(StorageDone done);
  void stored();

  Secrets& secrets_;
  Worker& worker_;
  Logger& log_;
  List networks_;
  List next_;  ///< being written
  bool is_storing_ = false;
  SecretsResult result_ = SecretsResult::ok;
  StorageDone done_;
};

}  // namespace pb
