#pragma once

#include <stddef.h>

#include "core/time.h"

namespace pb {

/// One file of the queue: a start, a stop, or a batch of meter values. Its content is on flash, in a slot of the queue,
/// or both.
struct WaitingMessage {
  enum class Kind : uint8_t { start, meter, stop };
  enum class State : uint8_t { unsaved, saving, saved, removing };
  static constexpr size_t kNoSlot = SIZE_MAX;

  uint32_t sequence = 0;
  uint32_t transaction = 0;
  Kind kind = Kind::start;
  State state = State::unsaved;
  bool has_file = false;     // the file is on flash, perhaps with earlier content
  bool unsavable = false;    // the last write has failed: the message is sent from memory, and the write is retried
  bool changed = false;      // a sample was added during the write
  bool copy_due = false;     // the newest start, whose copy has to be written
  bool alone = false;        // a batch that cannot be merged with the next one
  bool has_data = false;     // a stop with a file of transactionData
  uint8_t count = 0;         // samples of a batch
  uint8_t sent = 0;          // samples that the CSMS has answered
  uint8_t settled = 0;       // messages with their final time
  uint32_t boot = 0;         // the boot of the samples of a batch
  size_t slot = kNoSlot;     // the slot in the queue, while the content is in memory
  Millis from = 0;           // the first sample's monotonic time, in `boot`
  uint64_t energy_wh = 0;    // last reading of the register
  int64_t last_sent_ms = 0;  // timestamp of the last answered message, 0 for none
  Millis queued_at = 0;      // 0: an earlier boot

  bool is_batch() const { return kind == Kind::meter; }
  /// Whether the file of the message could not be read at the boot, so that only its number is known.
  bool is_damaged() const { return kind == Kind::start && transaction == 0; }
  /// Whether the message is on flash, or the flash has rejected it for now.
  bool is_stored() const { return unsavable || state == State::saved || state == State::removing; }
  /// Whether the next message may be sent: its content is on flash, and its copy too if it needs one.
  bool is_secured() const { return is_stored() && !copy_due; }
  /// Whether the next message has its final time.
  bool is_settled() const { return settled > sent; }
  /// The number of messages for the CSMS.
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
