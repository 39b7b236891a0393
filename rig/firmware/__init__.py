"""Building the firmware and what goes with it into flash: application image, partition table, file system."""
