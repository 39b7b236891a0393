#pragma once

#include "core/text.h"
#include "features/schema/tables.h"

namespace pb {

/// A pack of schemas in a slot (firmware/FORMAT.md): a header and the tables of one protocol.
struct SchemaPack {
  static constexpr size_t kHeaderSize = 64;
  static constexpr size_t kDigestSize = 32;
  static constexpr uint16_t kFormatVersion = 1;

  FixedText<12> protocol;  // the WebSocket subprotocol, such as `ocpp2.0.1`
  Bytes digest;            // SHA-256 of the schemas
  SchemaTables tables;
  size_t length = 0;  // bytes of header and tables
  uint32_t crc = 0;
};

/// Reads the pack at the start of a slot. Texts and tables of the result refer to the slot.
/// @param slot any bytes  @return nullptr; or a literal, the reason why they are not a pack
const char* read_pack(Bytes slot, SchemaPack& pack);

}  // namespace pb
