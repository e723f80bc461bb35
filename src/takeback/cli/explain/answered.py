"""The page of ``takeback match``: what a matcher found, drawn on the upload."""

import os
from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from PIL import Image

from takeback.cli.explain.found import evidence_of
from takeback.cli.explain.geometry import corners, seen_part
from takeback.cli.explain.ink import STROKES, Sheet
from takeback.cli.explain.page import side_by_side
from takeback.cli.explain.pixels import small_picture
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.words import ASKED
from takeback.hashing.place import EVERYWHERE
from takeback.matcher.documents import HubMatch, MatchAnswer


def explain_answered(
    source: bytes | os.PathLike[str], name: str, answer: MatchAnswer
) -> Image.Image:
    """Draw where in an upload the matcher found what was registered.

    Raises:
        NotAPicture: *source* can't be decoded.
    """
    sheet = Sheet.of(small_picture(source))
    matches = [match for result in answer.results for match in result.matches]
    lettered = list(zip(ascii_uppercase, matches, strict=False))
    for number, (letter, match) in enumerate(lettered):
        seen = seen_part(evidence_of(match).place or corners(EVERYWHERE))
        _outline(sheet, letter, [sheet.at(*corner) for corner in seen], number)
    return side_by_side([sheet]).with_words([*_words(name, lettered, answer), ASKED])


def _outline(sheet: Sheet, letter: str, seen: Sequence[tuple[float, float]], number: int) -> None:
    """Draw one match, its letter lower than that of the one before."""
    if not seen:
        return
    sheet.outline(seen, STROKES[number % len(STROKES)])
    left, top = min(seen)
    sheet.letter(letter, (left, top + 26.0 * (number + 1)))


def _words(
    name: str, lettered: Sequence[tuple[str, HubMatch]], answer: MatchAnswer
) -> Iterator[str]:
    yield f"{name}, as the matcher sees it: {len(lettered) or 'no'} matches."
    for letter, match in lettered:
        evidence = evidence_of(match)
        yield f"{letter}  {match.bank}, asks to {match.ask}: {reason(evidence)}."
        yield " ".join(circumstances(evidence))
    if answer.missing:
        yield f"Not compared: {', '.join(answer.missing)}."
