#pragma once

#include "core/span.h"
#include "core/text.h"
#include "features/transactions/meter_sample.h"
#include "features/transactions/stop_reason.h"

namespace pb {

/// OCPP 1.6 section 7.28: an idToken has at most 20 characters.
using IdTag = CharacterText<20>;

/// A pending StartTransaction or StopTransaction, the content of one small file. Meter values are in a MeterBatch.
struct Record {
  enum class Type : uint8_t { start, stop };

  /// Maximum length of the encoded record, in bytes: alone, and as a stop with its start.
  static constexpr size_t kMaxAlone = 352;
  static constexpr size_t kMaxEncoded = 600;

  uint32_t sequence = 0;     // order of sending; never reused
  uint32_t nonce = 0;        // makes the message id unique across devices and erased flashes
  uint32_t transaction = 0;  // the device's number of the transaction: the CSMS assigns an id later
  Type type = Type::start;
  Stamp stamp;
  uint64_t energy_wh = 0;
  IdTag id_tag;  // set for a start, and for a stop by a tag
  StopReason reason = StopReason::local;

  /// @param start of a stop's transaction, to restore the start if its file is damaged; nullptr: none
  /// @return the content of the file, in `into`.
  Bytes encode(Span<char> into, const Record* start = nullptr) const;
  /// @return false when the content is damaged.
  bool decode(Bytes content);
  /// Reads the start of its transaction out of the file of a stop. @return false when the file has none.
  bool decode_start(Bytes content);
};

/// Data that the records do not have: the content of the file "ledger".
struct Ledger {
  /// Maximum length of the encoded ledger, in bytes.
  static constexpr size_t kMaxEncoded = 640;

  uint32_t next_sequence = 1;
  uint32_t next_transaction = 1;
  uint32_t started = 0;  // last transaction with an answered StartTransaction
  int64_t transaction_id =
      0;                     // its id from the CSMS. Older transactions are finished, because records are sent in order
  uint32_t stopped = 0;      // last transaction whose StopTransaction was answered or dropped
  uint64_t energy_wh = 0;    // the energy register
  Stamp sampled;             // time of the newest transaction message
  int64_t last_sent_ms = 0;  // latest timestamp that the CSMS has of the transaction that is being sent
  int64_t start_sent_ms = 0;  // timestamp of that transaction's StartTransaction; 0: unknown
  uint32_t batch = 0;         // a partly answered MeterBatch
  uint32_t batch_sent = 0;    // the number of samples of `batch` that the CSMS has answered

  // The newest transaction, to continue it after a power cut.
  IdTag id_tag;
  IdTag parent_id_tag;
  uint64_t meter_start_wh = 0;
  bool rejected = false;  // the CSMS has not accepted the idTag

  /// Whether another ledger of this device was written later. None of these numbers ever falls.
  bool is_behind(const Ledger& other) const {
    return next_sequence < other.next_sequence || started < other.started || stopped < other.stopped ||
           energy_wh < other.energy_wh;
  }

  Bytes encode(Span<char> into) const;
  bool decode(Bytes content);
};

}  // namespace pb
