"""What answers inside a sandbox: WireMock and the Port mock."""
