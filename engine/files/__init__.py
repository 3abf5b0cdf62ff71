"""Where files lie: the home, the hub's cache, backbones and the rows of tasks; how files are written, locked and identified."""
