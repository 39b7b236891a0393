"""The bench description: which wire goes where."""
