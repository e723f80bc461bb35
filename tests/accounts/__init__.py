"""Tests of platforms and staff."""
