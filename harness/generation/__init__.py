"""Makes a test of a recording: routes or stub files that give the same entities."""
