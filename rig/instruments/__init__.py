"""What the bench drives and watches: one file an instrument."""
