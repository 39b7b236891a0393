#pragma once

#include "powercut/device.h"

namespace pb::powercut {

/// Puts the files of version 0.1.0 on an erased flash, and their history into the world.
void prepare_files_of_0_1_0(Device& device);

}  // namespace pb::powercut
