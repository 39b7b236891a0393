#include "core/sha256.h"

#include <string.h>

namespace pb {

namespace {

constexpr uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr uint32_t rotated(uint32_t word, unsigned bits) { return word >> bits | word << (32 - bits); }

/// The inner and the outer hash of HMAC (RFC 2104), after both have read the key. The HMAC of each message starts from
/// copies of these two hashes.
struct Hmac {
  Sha256 inner;
  Sha256 outer;

  explicit Hmac(Bytes key) {
    constexpr size_t kBlock = 64;
    uint8_t block[kBlock] = {};
    if (key.length > kBlock) {
      uint8_t digest[kSha256Length];
      Sha256 hash;
      hash.add(key);
      hash.finish(digest);
      memcpy(block, digest, sizeof digest);
    } else if (!key.empty()) {
      memcpy(block, key.data, key.length);
    }
    for (uint8_t& byte : block) byte ^= 0x36;
    inner.add(block);
    for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
    outer.add(block);
  }

  void finish(const Sha256& message, uint8_t (&code)[kSha256Length]) const {
    Sha256 first = message;
    first.finish(code);
    Sha256 second = outer;
    second.add(code);
    second.finish(code);
  }
};

}  // namespace

void Sha256::add(Bytes bytes) {
  while (!bytes.empty()) {
    const size_t place = length_ % kBlock;
    const Bytes part = bytes.first(kBlock - place);
    memcpy(block_ + place, part.data, part.length);
    length_ += part.length;
    bytes = bytes.after(part.length);
    if (length_ % kBlock == 0) compress(block_);
  }
}

void Sha256::finish(uint8_t (&digest)[kSha256Length]) {
  const uint64_t bits = length_ * 8;
  constexpr uint8_t kEnd[kBlock] = {0x80};
  const size_t place = length_ % kBlock;
  constexpr size_t kLast = kBlock - 8;  // the place of the length
  add({kEnd, place < kLast ? kLast - place : kBlock + kLast - place});
  uint8_t length[8];
  for (unsigned i = 0; i < 8; ++i) length[i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  add(length);
  for (unsigned i = 0; i < kSha256Length; ++i) digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
}

void Sha256::compress(const uint8_t* block) {
  uint32_t w[64];
  for (unsigned i = 0; i < 16; ++i) {
    w[i] = uint32_t{block[4 * i]} << 24 | uint32_t{block[4 * i + 1]} << 16 | uint32_t{block[4 * i + 2]} << 8 |
           uint32_t{block[4 * i + 3]};
  }
  for (unsigned i = 16; i < 64; ++i) {
    const uint32_t s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t v[8];  // a to h of FIPS 180-4
  memcpy(v, state_, sizeof v);
  for (unsigned i = 0; i < 64; ++i) {
    const uint32_t s1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25);
    const uint32_t chosen = (v[4] & v[5]) ^ (~v[4] & v[6]);
    const uint32_t t1 = v[7] + s1 + chosen + kRounds[i] + w[i];
    const uint32_t s0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22);
    const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
    for (unsigned k = 7; k > 0; --k) v[k] = v[k - 1];
    v[4] += t1;
    v[0] = t1 + s0 + majority;
  }
  for (unsigned i = 0; i < 8; ++i) state_[i] += v[i];
}

void pbkdf2_sha256(Bytes password, Bytes salt, uint32_t iterations, uint8_t (&key)[kSha256Length]) {
  const Hmac hmac(password);
  constexpr uint8_t kFirstBlock[4] = {0, 0, 0, 1};
  Sha256 message = hmac.inner;
  message.add(salt);
  message.add(kFirstBlock);
  uint8_t code[kSha256Length];
  hmac.finish(message, code);
  memcpy(key, code, sizeof code);
  for (uint32_t i = 1; i < iterations; ++i) {
    message = hmac.inner;
    message.add(code);
    hmac.finish(message, code);
    for (size_t k = 0; k < kSha256Length; ++k) key[k] ^= code[k];
  }
}

}  // namespace pb
