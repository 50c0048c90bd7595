"""Live events and action runs, handled by the integration as it runs in production."""
