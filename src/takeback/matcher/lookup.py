"""Looking up: in the banks that are held here, or by asking the hubs.

A question is one signal, or the eight signals of one picture: upright, turned and mirrored.
Its matches are the entries near any of them, each at its least distance.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from takeback.errors import HubUnreachable, NotReady, TakebackError, Unavailable
from takeback.exchange import wire
from takeback.exchange.client import HubClient
from takeback.exchange.follow import state_after
from takeback.exchange.wire import MAX_LOOKUP, LookupRequest, LookupResult
from takeback.hashing.signal import MATCH_DISTANCE, SIGNAL_BYTES
from takeback.matcher.documents import HubMatch, MatchAnswer, MatchResult
from takeback.matcher.health import HubStatus
from takeback.matcher.state import Held, State
from takeback.matching import Index

Questions = NDArray[np.uint8]
"""Shape (questions, signals of each, 32)."""

QUICK = 16
"""Signals that are searched faster than a thread is found for them."""


class LookUp(Protocol):
    """Answers questions."""

    async def look_up(self, questions: Questions, limit: int) -> MatchAnswer:
        """Return one result for each question.

        Raises:
            Unavailable: no bank could be compared with at all.
        """


def questions_of(signals: Sequence[str]) -> Questions:
    """Make each signal a question of its own."""
    packed = np.frombuffer(bytes.fromhex("".join(signals)), np.uint8)
    return packed.reshape(-1, 1, SIGNAL_BYTES)


@dataclass(frozen=True, slots=True)
class HeldBanks:
    """Looks up in the index of the banks that are followed."""

    index: Index
    state: State
    hubs: Mapping[int, HubStatus]
    """Each source with its hub."""

    async def look_up(self, questions: Questions, limit: int) -> MatchAnswer:
        """Return one result for each question, from what is held."""
        missing = [hub.name for hub in self.hubs.values() if not hub.read_once]
        if len(missing) == len(self.hubs):
            raise NotReady("no hub's bank was read to its end yet")
        if questions.shape[0] * questions.shape[1] <= QUICK:
            return MatchAnswer(self.search(questions, limit), missing)
        return MatchAnswer(await asyncio.to_thread(self.search, questions, limit), missing)

    def search(self, questions: Questions, limit: int) -> list[MatchResult]:
        """Return one result for each question."""
        count, views = questions.shape[:2]
        answer = self.index.search(questions.reshape(-1, SIGNAL_BYTES), MATCH_DISTANCE, limit=limit)
        near: list[dict[int, int]] = [{} for _ in range(count)]
        for query, entry, distance in answer:
            nearest = near[query // views]
            nearest[entry] = min(distance, nearest.get(entry, distance))
        cut = answer.more.reshape(count, views).any(axis=1)
        held = self.state.held(list({entry for found in near for entry in found}))
        return [
            self._result(found, held, limit, cut=bool(cut.flat[number]))
            for number, found in enumerate(near)
        ]

    def _result(
        self, found: Mapping[int, int], held: Mapping[int, Held], limit: int, *, cut: bool
    ) -> MatchResult:
        """Describe what was found; an entry that was withdrawn meanwhile is left out."""
        matches = [
            _match(held[entry], distance, self.hubs[held[entry].source].name)
            for entry, distance in sorted(found.items(), key=lambda pair: (pair[1], pair[0]))
            if entry in held
        ]
        return MatchResult(matches[:limit], more=cut or len(matches) > limit)


def _match(entry: Held | wire.Match, distance: int, hub: str) -> HubMatch:
    return HubMatch(
        number=entry.number,
        distance=distance,
        view=entry.view,
        bank=entry.bank,
        ask=entry.ask,
        hub=hub,
    )


@dataclass(frozen=True, slots=True)
class AskedHub:
    """One hub of the ``lookup`` tier."""

    client: HubClient
    status: HubStatus

    async def ask(self, signals: Sequence[str], limit: int) -> list[LookupResult]:
        """Return the hub's result for each signal.

        Raises:
            Unavailable: the hub did not answer, or refused.
        """
        results: list[LookupResult] = []
        try:
            for begin in range(0, len(signals), MAX_LOOKUP):
                part = list(signals[begin : begin + MAX_LOOKUP])
                results += (await self.client.look_up(LookupRequest(part, limit))).results
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

    async def look_up(self, questions: Questions, limit: int) -> MatchAnswer:
        """Return one result for each question, from the hubs that answered."""
        signals = [row.tobytes().hex() for row in questions.reshape(-1, SIGNAL_BYTES)]
        outcomes = await asyncio.gather(
            *(hub.ask(signals, limit) for hub in self.hubs), return_exceptions=True
        )
        answers: dict[str, list[LookupResult]] = {}
        errors: dict[str, BaseException] = {}
        for hub, outcome in zip(self.hubs, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                errors[hub.status.name] = outcome
            else:
                answers[hub.status.name] = outcome
        if not answers:
            raise next(iter(errors.values()))
        return MatchAnswer(_together(answers, questions.shape[1], limit), list(errors))


def _together(
    answers: Mapping[str, Sequence[LookupResult]], views: int, limit: int
) -> list[MatchResult]:
    """Put the answers of all hubs to all signals of a question into one result."""
    count = len(next(iter(answers.values()))) // views
    return [
        _one(
            {name: results[n * views : (n + 1) * views] for name, results in answers.items()},
            limit,
        )
        for n in range(count)
    ]


def _one(answers: Mapping[str, Sequence[LookupResult]], limit: int) -> MatchResult:
    nearest: dict[tuple[str, str], HubMatch] = {}
    for name, match in _matches(answers):
        known = nearest.get((name, match.number))
        if known is None or match.distance < known.distance:
            nearest[name, match.number] = _match(match, match.distance, name)
    matches = sorted(nearest.values(), key=lambda match: (match.distance, match.hub, match.number))
    cut = any(result.more for results in answers.values() for result in results)
    return MatchResult(matches[:limit], more=cut or len(matches) > limit)


def _matches(answers: Mapping[str, Sequence[LookupResult]]) -> Iterable[tuple[str, wire.Match]]:
    for name, results in answers.items():
        for result in results:
            for match in result.matches:
                yield name, match
