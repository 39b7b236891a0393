#pragma once

#include <stddef.h>

#include "core/time.h"

namespace pb {

/// One file of the line of transaction messages: a start, a stop, or a batch of meter values. Its content is on flash,
/// or in a slot of the line, or in both.
struct WaitingMessage {
  enum class Kind : uint8_t { start, meter, stop };
  enum class State : uint8_t { unsaved, saving, saved, removing };
  static constexpr size_t kNoSlot = SIZE_MAX;

  uint32_t sequence = 0;
  uint32_t transaction = 0;
  Kind kind = Kind::start;
  State state = State::unsaved;
  bool has_file = false;     // on flash, maybe with less than there is in memory
  bool unsavable = false;    // the last write has failed: it goes out from memory, and is written again later
  bool changed = false;      // a sample came while it was being saved
  bool alone = false;        // a batch that cannot be thinned out together with the next one
  bool has_data = false;     // a stop with a file of transactionData
  uint8_t count = 0;         // samples of a batch ...
  uint8_t sent = 0;          // ... and how many of them the CSMS has answered
  uint8_t settled = 0;       // how many of its messages have their final time
  uint32_t boot = 0;         // of a batch's samples
  size_t slot = kNoSlot;     // in the line, while the content is in memory
  Millis from = 0;           // of a batch's first sample, by that boot's clock
  uint64_t energy_wh = 0;    // its last reading of the register
  int64_t last_sent_ms = 0;  // the timestamp with which it was answered last, 0 for none
  Millis queued_at = 0;      // 0 for those of an earlier boot

  bool is_batch() const { return kind == Kind::meter; }
  /// On flash, or it cannot get there for now.
  bool is_stored() const { return unsavable || state == State::saved || state == State::removing; }
  /// Whether the next message has its final time.
  bool is_settled() const { return settled > sent; }
  /// How many messages for the CSMS it stands for.
  size_t messages() const {
    if (state == State::removing) return 0;
    return is_batch() ? size_t{count} - sent : 1;
  }
  const char* action() const {
    switch (kind) {
      case Kind::start:
        return "StartTransaction";
      case Kind::meter:
        return "MeterValues";
      case Kind::stop:
        break;
    }
    return "StopTransaction";
  }
};

}  // namespace pb
