"""Everything that is special about one firmware: its log format and its device profile."""
