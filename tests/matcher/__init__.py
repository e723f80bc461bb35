"""Tests of what a platform runs."""
