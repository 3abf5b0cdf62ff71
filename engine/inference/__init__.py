"""A trained run again: its model loaded, and labels for new texts."""
