"""What to do: requests, run specifications and the dependency graph between them."""
