"""Images, built by content hash: the base, the build environment, an integration's archive."""
