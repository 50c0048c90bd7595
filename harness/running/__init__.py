"""Runs a resync of an integration's directory, as the commands do."""
