"""Cross-border data flow and security compliance auditor."""

__version__ = "0.1.0"
