"""What installed packages add to the catalog through entry points."""
