"""What an integration ships: spec, configuration, mapping, resources."""
