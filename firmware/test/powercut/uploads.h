#pragma once

#include "powercut/device.h"

namespace pb::powercut {

/// Prepares a device with a boot loader, an image of version 1 in the first slot, and the password of its page.
void prepare_upload(Device& device);
/// As prepare_upload(), but the image is in the second slot, which otadata names, and an upload goes to the first one.
void prepare_upload_to_first_slot(Device& device);

/// Uploads version 2 by the page. From its last bytes on the device may have either version.
void upload(Device& device);

/// Uploads the first half of version 2, and loses the connection.
void upload_half(Device& device);

}  // namespace pb::powercut
