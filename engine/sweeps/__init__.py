"""Sweeps: experiments as files, each a named and declared set of runs."""
