"""The hub's HTTP side."""
