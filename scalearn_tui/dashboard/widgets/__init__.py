"""One file per widget. Widgets show what they are given; they read no files and no database on the event loop."""
