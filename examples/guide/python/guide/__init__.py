"""The examples of the guide, a module for each page."""
