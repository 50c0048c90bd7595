"""Routes and stub files to WireMock and back: read, converted, checked and laid over one another."""
