"""Protocols that are taken apart."""
