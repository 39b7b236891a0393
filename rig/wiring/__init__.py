"""The connections of the instruments: real wires or the virtual board, with the same interfaces."""
