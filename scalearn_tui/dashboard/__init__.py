"""The dashboard `scalearn-tui`: it shows the registry live and writes requests into it; it never trains."""
