"""The files that `rig new` copies: a project that tests your own firmware."""
