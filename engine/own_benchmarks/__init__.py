"""Users' own benchmarks: how a TOML file declares one, and how the home keeps it."""
