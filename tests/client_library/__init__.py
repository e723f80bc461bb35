"""Tests of ``takeback.client``."""
