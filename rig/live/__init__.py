"""The live socket of an open bench: other programs watch its timeline, ask for its state, and operate it by hand.

`docs/live.md` describes the messages. Import the modules directly, so that a client starts quickly: it does not need
the server.
"""
