"""One resync, event or action, from lease to result."""
