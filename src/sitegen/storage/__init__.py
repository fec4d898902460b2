"""The only writers: stored measurements, the published tree with its trace, and the lock."""
