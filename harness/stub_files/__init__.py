"""Stub files: WireMock's JSON and the short form, read, converted, checked and laid over one another."""
