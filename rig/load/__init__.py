"""Load for a CSMS of any make: many charge points that call it at a rate."""
