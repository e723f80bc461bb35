"""Tests: each says something a user would miss if it broke."""
