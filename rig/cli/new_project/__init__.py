"""The files that `rig new` copies: a project that tests somebody's own firmware."""
