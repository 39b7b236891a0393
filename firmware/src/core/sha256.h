#pragma once

#include "core/span.h"

namespace pb {

constexpr size_t kSha256Length = 32;

/// SHA-256 (FIPS 180-4, section 6.2), fed in pieces.
class Sha256 {
 public:
  void add(Bytes bytes);
  /// Ends the message. Call it once.
  void finish(uint8_t (&digest)[kSha256Length]);

 private:
  void compress(const uint8_t* block);

  static constexpr size_t kBlock = 64;
  uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint8_t block_[kBlock] = {};
  uint64_t length_ = 0;  ///< bytes so far
};

/// Derives a key of one block from a password: PBKDF2 with HMAC-SHA-256 (RFC 8018, section 5.2). It takes about
/// `iterations` times 2 compressions, so call it in a job of the Worker.
void pbkdf2_sha256(Bytes password, Bytes salt, uint32_t iterations, uint8_t (&key)[kSha256Length]);

}  // namespace pb
