"""Where runs are trained: processes on this machine, watched by one supervisor per home."""
