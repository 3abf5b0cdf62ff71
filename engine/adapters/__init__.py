"""Source adapters as files: the card in them, export and import."""
