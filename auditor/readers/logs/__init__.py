"""Kinds of flow logs, a file each; what they share is in ``records``."""
