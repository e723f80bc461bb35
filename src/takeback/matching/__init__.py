"""Finding which bank entries lie near a looked-up signal.

``Index`` is the public, stable part; it needs no database. Banks and entries
are in ``service.py`` and below, and are imported by their own names.
"""

from takeback.matching.index import Index

__all__ = ["Index"]
