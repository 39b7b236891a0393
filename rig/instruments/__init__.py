"""The instruments of a test. Each controls or observes one part of the bench and publishes events."""
