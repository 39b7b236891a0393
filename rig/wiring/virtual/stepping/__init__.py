"""Stepped time: a clock that stops while a participant works, and jumps when all are idle."""
