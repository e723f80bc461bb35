"""Backups that are encrypted, consistent, and never bring back what was taken back.

``archive.py`` is the file format, ``tables.py`` reads and fills a database,
``service.py`` says what an operator can do.
"""
