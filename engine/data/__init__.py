"""Text to batches: rows, templates, splits, the token cache and the order of examples."""
