"""OCPP 1.6J without a CSMS: frames, messages, schemas, exchanges."""
