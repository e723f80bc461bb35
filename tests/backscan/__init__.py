"""Scanning a platform's library."""
