"""The first five routes of Conduit."""
