"""Stepped time: the clock of a virtual bench stands still while anybody works, and jumps when all are idle."""
