"""Runs the same stubs through two versions of an integration."""
