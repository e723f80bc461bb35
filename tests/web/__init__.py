"""Tests of the hub over HTTP."""
