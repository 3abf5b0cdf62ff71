"""What the command line and the dashboard share: marks of states, numbers and durations as text, the launch options."""
