"""The Conduit service."""
