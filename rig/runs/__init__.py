"""The record of a run: written while it happens, read back afterwards."""
