"""Documents that are read."""
