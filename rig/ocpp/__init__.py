"""OCPP-J without a CSMS: frames, messages, schemas, exchanges."""
