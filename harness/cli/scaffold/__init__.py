"""Adds what sandbox tests need to an integration, and changes no existing file."""
