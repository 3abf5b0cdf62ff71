"""What runs mean: the leaderboard and its exports."""
