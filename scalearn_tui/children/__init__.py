"""What processes of the engine do for the command line and for the dashboard alike."""
