"""``takeback backscan``: a platform's library against everything registered."""

from takeback.cli.backscan.command import backscan

__all__ = ["backscan"]
