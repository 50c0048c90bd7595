"""Finds what is secret or personal, and replaces it."""
