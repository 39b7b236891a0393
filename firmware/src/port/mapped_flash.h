#pragma once

#include "port/flash.h"

namespace pb {

/// A region of flash that can also be read as memory.
class MappedFlash : public Flash {
 public:
  /// The region as it is after the last program or erase; empty for a region that does not exist.
  virtual Bytes mapped() const = 0;

 protected:
  ~MappedFlash() = default;
};

}  // namespace pb
