"""Compares a real API with what was recorded of it."""
