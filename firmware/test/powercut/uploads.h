#pragma once

#include "powercut/device.h"

namespace pb::powercut {

/// Prepares a device with a boot loader, an image of version 1 in the first slot, and the password of its page.
void prepare_upload(Device& device);
/// Like prepare_upload(), but the image is in the second slot, and otadata names this slot. An upload goes to the
/// first.
void prepare_upload_to_first_slot(Device& device);

/// Uploads version 2 by the page. A power cut at the last bytes can leave either version.
void upload(Device& device);

/// Uploads the first half of version 2, and loses the connection.
void upload_half(Device& device);

}  // namespace pb::powercut
