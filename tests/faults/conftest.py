"""Fixtures of the fault tests."""

from tests.matcher.conftest import hub, key_file, logged, options, rng

__all__ = ["hub", "key_file", "logged", "options", "rng"]
