"""The host's side of a resync container: orders, report, egress, environment."""
