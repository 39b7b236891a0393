#pragma once

#include "powercut/world.h"

namespace pb::powercut {

/// Checks all that the CSMS got against what really happened: no message lost, changed, repeated under another id or
/// out of order; times and energies that fit together; no transaction left open. Violations go into the world.
void check_history(World& world);

/// The highest reading of the register that the CSMS got, in Wh.
uint64_t reported_energy(const Csms& csms);

/// What a file system holds.
struct Files {
  std::set<std::string> names;
  size_t blocks = 0;
};

/// Mounts the flash without the device and lists it. Only while the device is off.
Files list_files(RamFlash& flash);

/// Fills the flash with files until no block is left. What lives in the directory itself still has its place.
void fill_flash(RamFlash& flash);

/// Notes the samples that are on the flash, from now on to be sent. Only while the device is off.
void note_stored_samples(World& world);

/// Checks that no file was left behind, and no block, against a run without a cut.
void check_files(World& world, const Files& expected);

}  // namespace pb::powercut
