"""Flow logs: one file per format; what they share stands in the others (``docs/formats/``)."""
