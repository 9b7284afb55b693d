"""The packet engine: captures in one pass, compiled, with bounded memory."""
