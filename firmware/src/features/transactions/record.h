#pragma once

#include "core/span.h"
#include "core/text.h"
#include "features/transactions/meter_sample.h"
#include "features/transactions/stop_reason.h"

namespace pb {

/// OCPP 1.6 section 7.28: an idToken has at most 20 characters.
using IdTag = CharacterText<20>;

/// A StartTransaction or StopTransaction that waits to be sent: the content of one small file. Meter values wait in a
/// MeterBatch.
struct Record {
  enum class Type : uint8_t { start, stop };

  /// The longest that encode() writes.
  static constexpr size_t kMaxEncoded = 352;

  uint32_t sequence = 0;     // order of sending; never used twice
  uint32_t nonce = 0;        // makes the message id unlike those of other devices and of an erased flash
  uint32_t transaction = 0;  // our own number: the CSMS gives its id later
  Type type = Type::start;
  Stamp stamp;
  uint64_t energy_wh = 0;
  IdTag id_tag;  // of a start, and of a stop by a tag
  StopReason reason = StopReason::local;

  /// @return the content of the file, in `into`.
  Bytes encode(Span<char> into) const;
  /// @return false when the content is damaged.
  bool decode(Bytes content);
};

/// What must be known besides the records: the content of the file "ledger".
struct Ledger {
  /// The longest that encode() writes.
  static constexpr size_t kMaxEncoded = 640;

  uint32_t next_sequence = 1;
  uint32_t next_transaction = 1;
  uint32_t started = 0;        // the last transaction whose StartTransaction the CSMS has answered ...
  int64_t transaction_id = 0;  // ... and the id it gave. Older ones are finished, because records go in order
  uint32_t stopped = 0;        // the last transaction whose StopTransaction is done with: answered, or given up
  uint64_t energy_wh = 0;      // the energy register
  Stamp sampled;               // when a transaction message was made last
  int64_t last_sent_ms = 0;    // the latest timestamp that the CSMS has of the transaction whose messages are sent
  int64_t start_sent_ms = 0;   // the timestamp of its StartTransaction, 0 where that is not known
  uint32_t batch = 0;          // the MeterBatch of which ...
  uint32_t batch_sent = 0;     // ... that many samples have been answered

  // Of the transaction begun last: what is needed to go on with it after the power was gone.
  IdTag id_tag;
  IdTag parent_id_tag;
  uint64_t meter_start_wh = 0;
  bool refused = false;  // the CSMS has not accepted its idTag

  Bytes encode(Span<char> into) const;
  bool decode(Bytes content);
};

}  // namespace pb
