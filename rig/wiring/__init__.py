"""The ends that the instruments hold: real wires or the virtual board, through the same interfaces."""
