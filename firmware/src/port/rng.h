#pragma once

#include <stdint.h>

namespace pb {

/// The only source of randomness: WebSocket masks and keys, message ids, jitter of backoff.
class Rng {
 public:
  /// 32 bits, unpredictable to a peer on the network.
  virtual uint32_t next() = 0;

 protected:
  ~Rng() = default;
};

}  // namespace pb
