"""What happened: runs, metrics, results, checkpoints and events, in one database."""
