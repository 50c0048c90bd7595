"""Routes as a test adds them: an httpx transport, matchers, patterns, the call log."""
