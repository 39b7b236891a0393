"""Generate the API reference from signatures and docstrings."""
