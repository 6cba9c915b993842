"""The test client's stand-in for the host: its tasks, and its services."""
