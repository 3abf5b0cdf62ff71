"""The backbone over packed rows: its layers, its weights, its heads and the sites where methods act."""
