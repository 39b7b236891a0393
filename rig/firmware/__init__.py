"""Build the firmware and its flash content: application image, partition table, file system."""
