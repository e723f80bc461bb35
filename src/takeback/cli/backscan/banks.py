"""Which bank a path stands for."""

from pathlib import Path

from takeback.backscan.bank import BankKind
from takeback.backscan.listed import LISTED
from takeback.errors import UnreadableInput


def kind_of(path: Path) -> BankKind:
    """Return how the bank at *path* is opened.

    Raises:
        UnreadableInput: there is none.
    """
    if path.is_file():
        return LISTED
    refused = UnreadableInput("there is no bank at that place")
    refused.hint = "Give a matcher's data directory, or a Parquet file of numbers and signals."
    raise refused
