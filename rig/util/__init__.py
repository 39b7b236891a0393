"""Small tools that every other part of the rig builds on."""
