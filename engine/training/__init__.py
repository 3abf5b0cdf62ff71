"""Parameters to better parameters: the worker, its loop, evaluation, metrics and checkpoints."""
