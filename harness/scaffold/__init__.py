"""Writes into an integration what its tests in sandboxes need, and changes nothing that is there."""
