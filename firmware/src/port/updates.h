#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/span.h"

namespace pb {

enum class UpdateResult : uint8_t {
  ok,
  too_large,    ///< longer than the slot
  other_chip,   ///< does not run on this chip
  damaged,      ///< no application image, or its checksum or hash is wrong
  unconfirmed,  ///< the running image is on trial itself
  failed,       ///< the flash has failed
};

/// Writes an application image to the slot that is not running, and chooses it for the next boot. A power cut before
/// finish() leaves the present choice; after a power cut during finish(), either choice can be in force. A boot always
/// finds an image. The new image boots on trial (System::image_on_trial). Calls that write block on flash: make them in
/// jobs of the Worker.
class Updates {
 public:
  /// Bytes of the slot that is not running; 0 if the platform has none.
  virtual size_t room() const = 0;
  /// The number of this chip in the header of an image (ESP-IDF, `esp_chip_id_t`).
  virtual uint16_t chip() const = 0;

  /// Begins an image of `length` bytes, and drops an image that was begun before.
  virtual UpdateResult begin(size_t length) = 0;
  /// Appends bytes to the image, and erases the sectors that they reach. @param bytes a multiple of 16 bytes, except in
  /// the last call
  virtual UpdateResult write(Bytes bytes) = 0;
  /// Validates the image, and chooses it for the next boot.
  virtual UpdateResult finish() = 0;
  /// Drops the image; the present choice stays.
  virtual void abort() = 0;

 protected:
  ~Updates() = default;
};

}  // namespace pb
