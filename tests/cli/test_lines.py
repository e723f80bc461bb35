"""How standard input is cut into lines, however its bytes arrive."""

import io

from hypothesis import given
from hypothesis import strategies as st

from takeback.cli.lines import LONGEST, at_hand


class Arriving(io.BytesIO):
    """A stream whose bytes come in pieces of given sizes."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        """Hold *content*."""
        super().__init__(content)
        self.sizes = iter([*sizes, *[len(content) + 1] * 2])

    def read1(self, _: int | None = -1) -> bytes:
        """Return the next piece."""
        return self.read(next(self.sizes))


@given(
    st.lists(st.sampled_from([b"a.jpg", b"", b"\n", b"\0", b"\r\n", b"b\r"]), max_size=12),
    st.lists(st.integers(1, 6), max_size=10),
    st.sampled_from([b"\n", b"\0"]),
)
def test_lines_do_not_depend_on_how_they_arrive(
    parts: list[bytes], sizes: list[int], separator: bytes
) -> None:
    """Numbered from 1, empty ones counted and left out."""
    content = b"".join(parts)

    blocks = list(at_hand(Arriving(content, sizes), separator))

    ending = b"\r" if separator == b"\n" else b""
    whole = [line.removesuffix(ending) for line in content.split(separator)]
    expected = [(number, line) for number, line in enumerate(whole, 1) if line]
    assert [line for block in blocks for line in block] == expected


def test_a_line_without_end_takes_no_more_room_than_a_line_may() -> None:
    """Whoever writes it can't fill the memory, and what comes after it is read."""
    content = b"x" * 4_000_000 + b"\na.jpg"
    stream = Arriving(content, [50_000] * 100)

    lines = [line for block in at_hand(stream, b"\n") for line in block]

    assert [(number, len(line)) for number, line in lines] == [(1, LONGEST + 1), (2, 5)]
