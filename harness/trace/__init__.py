"""One HTML file that shows what a test or a resync of a directory did: calls, log, entities, and their origin."""
