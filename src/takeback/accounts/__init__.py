"""Platforms and staff: who they are, what they may do, and their keys."""
