"""Stops an intimate picture from spreading, without anyone having to look at it again.

The public library is small: :mod:`takeback.hashing` turns a picture into signals,
:mod:`takeback.matching` finds near signals. Everything else serves the programs
``takeback serve``, ``takeback matcher`` and the command line.
"""

__version__ = "0.1.0"
