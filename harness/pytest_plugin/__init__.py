"""The pytest plugin: hooks, options, fixtures, the failure report."""
