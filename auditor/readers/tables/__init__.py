"""Tables that no format explains: what their columns mean, by a mapping or a guess."""
