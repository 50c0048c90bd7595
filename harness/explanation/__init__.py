"""Says why an entity, or a property of one, is as it is."""
