"""Tests of an index's directory."""
