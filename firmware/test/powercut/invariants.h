#pragma once

#include "powercut/world.h"

namespace pb::powercut {

/// Compares the messages received by the CSMS with the true events: no message is lost, changed, sent under two ids or
/// out of order; times and energies are consistent; no transaction is left open. Adds violations to the world.
void check_history(World& world);

/// The highest reading of the register that the CSMS has, in Wh.
uint64_t reported_energy(const Csms& csms);

/// The contents of a file system.
struct Files {
  std::set<std::string> names;
  size_t blocks = 0;
  size_t logs = 0;  ///< files of the log; each takes a block at most
};

/// Mounts the flash without the device and lists its files. Only without power.
Files list_files(RamFlash& flash);

/// Fills the flash with files until no block is left. Files inside the directory still fit.
void fill_flash(RamFlash& flash);

/// Flips a bit in the content of a file. The device does not notice, and the count of operations does not change. Only
/// without power.
void flip_bit(RamFlash& flash, const char* name);

/// Records the samples that are on the flash: they have to be sent. Only without power.
void note_stored_samples(World& world);

/// Checks that the start that is sent now has its copy, if it is the newest one on the flash.
void check_start_copy(World& world);

/// Compares files and blocks with those of a run without a cut.
void check_files(World& world, const Files& expected);

}  // namespace pb::powercut
