#pragma once

#include "powercut/device.h"

namespace pb::powercut {

/// Loads the storage partition `name` of tests/stored_images, such as `1-header/idle`, into the flash. Ends the program
/// with a message if the file cannot be read.
void load_stored_image(RamFlash& flash, const char* name);

/// Prepare the world around the image of that name: the messages that the CSMS has, and those that it has to receive.
void prepare_idle_image(Device& device);
void prepare_charging_image(Device& device);
void prepare_resumed_image(Device& device);
void prepare_offline_image(Device& device);
void prepare_full_queue_image(Device& device);
void prepare_settings_image(Device& device);
void prepare_two_charges_image(Device& device);

}  // namespace pb::powercut
