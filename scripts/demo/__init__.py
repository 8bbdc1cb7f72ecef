"""What `make demo` shows: features, training, serving, and a newer model swapped in under load."""
