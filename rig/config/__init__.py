"""The bench description: the wires of a bench and their pins."""
