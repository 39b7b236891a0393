#pragma once

#include <string>

#include "powercut/world.h"

namespace pb::powercut {

/// Application images with `version`, a digit, in their program (docs/virtual-board.md, "Flash and boot").
std::string make_image(char version);

/// Writes the image of version 1 to a slot: the first one, as the factory does, or the second one, as an update does.
void install_first_image(World& world, size_t slot);

/// Starts the image that the boot loader of the chip would start, with rollback (ESP-IDF, "App Rollback"): otadata
/// chooses it, a new image is on trial in its first boot, and one that was not confirmed then is not chosen again.
/// Without a valid image in the chosen slot it starts the other one. Sets World::running.
/// @return false when the power was cut, or when no slot has a valid image, which is a violation
bool boot_image(World& world);

/// The version of the image that boot_image() has started.
std::string running_version(World& world);

}  // namespace pb::powercut
