"""A platform's library, scanned once for everything registered: resumable, on one machine or many.

Needs the extra ``backscan``; only ``cluster.py`` needs Ray, the extra ``cluster``. Nothing here
imports the matcher: whoever starts a scan says how its bank is opened.
"""
