"""The Docker engine: find it, start it, install it; containers, networks, labels, lifeline, janitor."""
