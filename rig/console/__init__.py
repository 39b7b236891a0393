"""The live page: a web page that watches an open bench and operates it by hand, as a client of its live socket.

It needs the extra `console`, so import its modules only when the page is wanted.
"""
