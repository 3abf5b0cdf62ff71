"""The leaderboard as text: one file for each format, over one grid (``grid.py``)."""
