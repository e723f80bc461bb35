"""The page of ``takeback match``: what a matcher found, drawn on the upload."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Final

from PIL import Image

from takeback.cli.explain.found import evidence_of
from takeback.cli.explain.geometry import corners, seen_part
from takeback.cli.explain.ink import STROKES, Sheet
from takeback.cli.explain.page import Spread, in_rows, side_by_side
from takeback.cli.explain.pixels import small_picture
from takeback.cli.explain.reasons import circumstances, reason
from takeback.cli.explain.strip import COLUMNS, frame_sheet, frames_at
from takeback.cli.explain.words import ASKED
from takeback.cli.sources import is_video
from takeback.hashing.place import EVERYWHERE
from takeback.matcher.documents import HubMatch, MatchAnswer

SHOWN: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Which moments of the matching part of a video are shown."""


def explain_answered(source: Path, name: str, answer: MatchAnswer) -> Image.Image:
    """Draw where in an upload the matcher found what was registered.

    Raises:
        NotAPicture: *source* is a picture that can't be decoded.
        NotAVideo: *source* is a video that can't be decoded.
    """
    matches = [match for result in answer.results for match in result.matches]
    lettered = list(zip(ascii_uppercase, matches, strict=False))
    spread = _video(source, matches) if is_video(source) else _picture(source, lettered)
    return spread.with_words([*_words(name, lettered, answer), ASKED])


def _picture(source: Path, lettered: Sequence[tuple[str, HubMatch]]) -> Spread:
    sheet = Sheet.of(small_picture(source))
    for number, (letter, match) in enumerate(lettered):
        seen = seen_part(evidence_of(match).place or corners(EVERYWHERE))
        _outline(sheet, letter, [sheet.at(*corner) for corner in seen], number)
    return side_by_side([sheet])


def _video(source: Path, matches: Sequence[HubMatch]) -> Spread:
    """Show where the surest match begins and ends, and what is between."""
    spans = [evidence_of(match).seconds for match in matches]
    begin, end = next((span for span in spans if span), (0.0, 0.0))
    times = sorted({int(1000 * (begin + share * (end - begin))) for share in SHOWN})
    frames = frames_at(source, times)
    return in_rows([frame_sheet(frame) for frame in frames.values()], COLUMNS)


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
    count = "1 match" if len(lettered) == 1 else f"{len(lettered) or 'no'} matches"
    yield f"{name}, as the matcher sees it: {count}."
    for letter, match in lettered:
        evidence = evidence_of(match)
        yield f"{letter}  {match.bank}, asks to {match.ask}: {reason(evidence)}."
        yield " ".join(circumstances(evidence))
    if answer.missing:
        yield f"Not compared: {', '.join(answer.missing)}."
