#pragma once

#include "port/flash.h"
#include "port/updates.h"

namespace pb::posix {

/// Validates an image as the virtual board's boot loader does (docs/virtual-board.md): header, segments, checksum,
/// SHA-256, and the segment with the program for this machine.
/// @param length of the image in bytes; the image begins at the start of the slot
UpdateResult check_image(Flash& slot, size_t length);

}  // namespace pb::posix
