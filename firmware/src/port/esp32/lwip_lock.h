#pragma once

#include <lwip/tcpip.h>

namespace pb::esp32 {

/// Holds lwIP's lock. Meanwhile this task may call lwIP's functions.
class LwipLock {
 public:
  LwipLock() { LOCK_TCPIP_CORE(); }
  ~LwipLock() { UNLOCK_TCPIP_CORE(); }
  LwipLock(const LwipLock&) = delete;
  LwipLock& operator=(const LwipLock&) = delete;
};

}  // namespace pb::esp32
