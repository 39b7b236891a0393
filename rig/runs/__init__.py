"""The record of a run: written during the run, read for reports."""
