"""The backbone: a packed post-LN encoder, its weights, its heads and the places where methods act."""
