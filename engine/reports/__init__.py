"""Reports on runs: the leaderboard and its formats."""
