"""Whole stories, with nothing replaced: real services, real databases, real pictures."""
