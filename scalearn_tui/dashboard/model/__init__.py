"""What the dashboard knows, kept up to date by the poller's messages: no widgets, no files and no database in here."""
