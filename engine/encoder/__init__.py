"""The backbone over packed rows: its layers, its weights, its heads and the places where methods act."""
