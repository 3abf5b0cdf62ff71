"""One file per paper: what is trained, where it acts and how it is initialised."""
