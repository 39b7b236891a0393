"""OCPP 1.6J vocabulary that needs no CSMS: frames, messages, schemas, exchanges."""
