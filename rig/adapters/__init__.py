"""The parts of the bench that are specific to a firmware: its log format and its device profile."""
