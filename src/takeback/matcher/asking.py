"""Looking up by asking the hubs: the ``lookup`` tier, which holds no list.

Hubs are asked about whole-picture signals only; keypoints and videos need a bank that is held.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from takeback.errors import HubUnreachable, NotAVideo, TakebackError, Unavailable
from takeback.exchange import wire
from takeback.exchange.client import HubClient
from takeback.exchange.follow import state_after
from takeback.exchange.wire import MAX_LOOKUP, LookupRequest, LookupResult
from takeback.hashing.picture import PictureSignals
from takeback.hashing.place import Place
from takeback.hashing.video_signals import VideoSignals
from takeback.hashing.views import ViewSignals
from takeback.matcher.documents import MatchAnswer, MatchResult, hub_match
from takeback.matcher.health import HubStatus
from takeback.matcher.lookup import Pay, Signals
from takeback.matching.evidence import Quad, judge_distance
from takeback.matching.lookup.pictures import views_of
from takeback.matching.lookup.turns import WAYS, quad_of

MOST_ASKED: Final = 100
"""Most entries that a hub answers for one signal."""

Answers = Mapping[str, Sequence[LookupResult]]
"""Of each hub that answered, by name: its result for each signal."""


@dataclass(frozen=True, slots=True)
class AskedHub:
    """One hub of the ``lookup`` tier."""

    client: HubClient
    status: HubStatus

    async def ask(self, signals: Sequence[str]) -> list[LookupResult]:
        """Return the hub's result for each signal.

        Raises:
            Unavailable: the hub did not answer, or refused.
        """
        results: list[LookupResult] = []
        try:
            for begin in range(0, len(signals), MAX_LOOKUP):
                part = list(signals[begin : begin + MAX_LOOKUP])
                results += (await self.client.look_up(LookupRequest(part, MOST_ASKED))).results
        except TakebackError as error:
            self.status.report(state_after(error), error)
            raise error if isinstance(error, Unavailable) else _unreachable(error) from None
        self.status.report("following", None)
        return results


def _unreachable(error: TakebackError) -> HubUnreachable:
    """Say to our caller that the hub refused us: it is not the caller's key that is wrong."""
    return HubUnreachable(f"the hub refuses this matcher ({type(error).__name__})")


@dataclass(frozen=True, slots=True)
class AskedHubs:
    """Looks up by asking every hub; holds no list."""

    hubs: Sequence[AskedHub]

    @property
    def keypoints(self) -> bool:
        """Whether hubs are asked about keypoints."""
        return False

    async def signals(self, signals: Signals, limit: int) -> MatchAnswer:
        """Return one result for each signal, from the hubs that answered."""
        answers, missing = await self._ask([row.tobytes().hex() for row in signals])
        results = [
            together(_part(answers, n, 1), "whole", None, limit) for n in range(len(signals))
        ]
        return MatchAnswer(results, missing)

    async def picture(self, upload: PictureSignals, limit: int, pay: Pay) -> MatchAnswer:
        """Return one result for the picture: whole, or of the first other view that matches.

        Every signal that the hubs are asked about is a look-up.
        """
        views = views_of(upload)
        pay(max(0, WAYS * len(views[:1]) - 1))
        answer = await self._views(views[:1], limit)
        if len(views) > 1 and not answer.results[0].matches:
            pay(WAYS * (len(views) - 1))
            answer = await self._views(views[1:], limit)
        return answer

    async def _views(self, views: Sequence[ViewSignals], limit: int) -> MatchAnswer:
        """Ask about several views at once; answer with the first that matches, if one does."""
        asked = [str(signal) for view in views for signal in view.dihedral]
        answers, missing = await self._ask(asked) if asked else ({}, [])
        for n, view in enumerate(views):
            result = together(_part(answers, n, WAYS), view.view, view.place, limit)
            if result.matches:
                return MatchAnswer([result], missing)
        return MatchAnswer([MatchResult([], more=False)], missing)

    async def video(self, upload: VideoSignals, limit: int) -> MatchAnswer:
        """Refuse: hubs answer for pictures only.

        Raises:
            NotAVideo: always.
        """
        del upload, limit
        raise NotAVideo("a matcher that asks its hubs has no bank to compare videos with")

    async def _ask(self, signals: Sequence[str]) -> tuple[Answers, list[str]]:
        """Return the answers, and the names of the hubs that gave none.

        Raises:
            Unavailable: no hub answered.
        """
        outcomes = await asyncio.gather(
            *(hub.ask(signals) for hub in self.hubs), return_exceptions=True
        )
        named = dict(zip((hub.status.name for hub in self.hubs), outcomes, strict=True))
        answers = {name: each for name, each in named.items() if isinstance(each, list)}
        errors = {name: each for name, each in named.items() if isinstance(each, BaseException)}
        if not answers:
            raise next(iter(errors.values()))
        return answers, list(errors)


def _part(answers: Answers, number: int, size: int) -> Answers:
    """Return the answers to one question, of *size* signals each."""
    begin = number * size
    return {name: results[begin : begin + size] for name, results in answers.items()}


def together(answers: Answers, view: str, place: Place | None, limit: int) -> MatchResult:
    """Put the answers of all hubs to all signals of one view into one result."""
    nearest: dict[tuple[str, str], tuple[int, int, wire.Match]] = {}
    for name, way, match in _matches(answers):
        known = nearest.get((name, match.number))
        if known is None or match.distance < known[0]:
            nearest[name, match.number] = (match.distance, way, match)
    matches = sorted(
        (
            hub_match(match, evidence, name)
            for (name, _), (distance, way, match) in nearest.items()
            if (evidence := judge_distance(distance, view, match.view, _quad(place, way)))
        ),
        key=lambda match: (-match.score, match.hub, match.number),
    )
    cut = any(result.more for results in answers.values() for result in results)
    return MatchResult(matches[:limit], more=cut or len(matches) > limit)


def _quad(place: Place | None, way: int) -> Quad | None:
    return None if place is None else quad_of(place, way)


def _matches(answers: Answers) -> Iterator[tuple[str, int, wire.Match]]:
    for name, results in answers.items():
        for way, result in enumerate(results):
            for match in result.matches:
                yield name, way, match
