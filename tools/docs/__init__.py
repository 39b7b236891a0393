"""The API reference, made from signatures and docstrings."""
