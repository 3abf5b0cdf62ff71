"""What exists: backbones, benchmarks, methods and published results, as plain data."""
