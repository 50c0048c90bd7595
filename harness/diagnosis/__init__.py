"""Explains why an entity is the way it is, and what differs between two results or versions."""
