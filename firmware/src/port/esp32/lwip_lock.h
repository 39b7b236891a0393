#pragma once

#include <lwip/tcpip.h>

namespace pb::esp32 {

/// Holds lwIP's lock: its functions may be called by this task meanwhile.
class LwipLock {
 public:
  LwipLock() { LOCK_TCPIP_CORE(); }
  ~LwipLock() { UNLOCK_TCPIP_CORE(); }
  LwipLock(const LwipLock&) = delete;
  LwipLock& operator=(const LwipLock&) = delete;
};

}  // namespace pb::esp32
