"""Runs as one file that strangers can check: written, read with limits, imported, verified, trained again."""
