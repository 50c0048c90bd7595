"""The production entry: runs what ships, and reads what it tells Port."""
