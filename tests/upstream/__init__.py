"""A third party that is real, and nasty on purpose, and an integration that reads it."""
