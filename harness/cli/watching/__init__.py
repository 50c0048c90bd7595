"""Resyncs a directory whenever something that the resync depends on changes, and says what changed."""
