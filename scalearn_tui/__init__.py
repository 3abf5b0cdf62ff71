"""The two faces of the engine: the command line and the dashboard."""

__version__ = "0.2.0"
