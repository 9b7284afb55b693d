"""Forward steps from every released version of the store."""
