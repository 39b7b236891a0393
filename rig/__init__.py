"""Plugbench: the bench that tests an ESP32 charge point, as a typed library."""
