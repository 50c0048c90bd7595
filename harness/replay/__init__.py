"""Generates a test that replays a recording, and verifies that the real API still answers the same way."""
