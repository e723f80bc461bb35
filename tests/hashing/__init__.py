"""Tests of ``takeback.hashing``."""
