"""The HTTP API of an open bench or CSMS: an adapter over its live socket. It needs the extra `api`."""
