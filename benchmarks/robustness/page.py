"""The tables of a documentation page, written by the program that measured them.

What lies between ``<!-- table: NAME -->`` and ``<!-- end of table -->`` is replaced; all else
on the page is people's.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

BEGIN: Final = "<!-- table: {} -->"
END: Final = "<!-- end of table -->"


def put(page: Path, tables: Mapping[str, str]) -> None:
    """Replace tables by name.

    Raises:
        ValueError: the page has no place for one of them.
    """
    text = page.read_text()
    for name, table in tables.items():
        begin = BEGIN.format(name)
        place = re.compile(f"{re.escape(begin)}.*?{re.escape(END)}", re.DOTALL)
        if not place.search(text):
            raise ValueError(f"{page} has no table called {name}")
        written = f"{begin}\n\n{table}\n\n{END}".replace("\\", r"\\")
        text = place.sub(written, text)
    page.write_text(text)
