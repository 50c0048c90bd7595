"""What runs beside the tests, here or in the peer's container; standard library and pytest only."""
