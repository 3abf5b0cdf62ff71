"""The command line: one file per command group. Bodies import lazily, so that help and completion cost little."""
