"""Tests of ``takeback.matching``."""
