"""Which paper is next? What was found becomes papers in the layout of the administration."""
