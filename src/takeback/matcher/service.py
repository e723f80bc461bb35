"""What a platform's own programs can do with a matcher. Knows no HTTP."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from takeback.errors import MalformedBody, NotAPicture, NotFound, NotReady
from takeback.hashing.signal import SIGNAL_BYTES
from takeback.matcher.documents import (
    HubOpinion,
    HubResponse,
    MatchAnswer,
    MatchRequest,
    MatchResult,
    check_opinion,
    check_response,
    for_hub,
)
from takeback.matcher.hasher import Hashed, HashedView
from takeback.matcher.health import Metrics, Vitals
from takeback.matcher.lookup import LookUp, questions_of
from takeback.matcher.outbox import Outbox, Report
from takeback.matcher.pool import Pool


@dataclass(frozen=True, slots=True)
class Matcher:
    """Looks up, and takes what is to be said to the hubs."""

    lookup: LookUp
    pool: Pool
    outbox: Outbox
    sources: Mapping[str, int]
    """Each hub's name with its number in the state file."""

    vitals: Vitals
    metrics: Metrics
    wake: Callable[[int], None]
    """Told which source has something to be sent."""

    picture_bytes: int = field(kw_only=True)

    async def match_signals(self, request: MatchRequest) -> MatchAnswer:
        """Compare signals with every bank."""
        answer = await self.lookup.look_up(questions_of(request.signals), request.limit)
        return self._counted(answer)

    async def match_picture(self, picture: bytes, limit: int) -> MatchAnswer:
        """Hash a picture, forget it, and compare it in all eight ways it can be turned.

        When the whole picture matches nothing, its other views are compared: as a negative,
        without frames and bars, tilted back, and panel by panel.

        Raises:
            NotAPicture: it can't be hashed.
            Unavailable: it can't be hashed or looked up now.
        """
        hashed = await self._hash(picture)
        del picture
        views = hashed.good()
        if not views:
            weak = MatchResult([], more=False, quality=hashed.quality, looked_up=False)
            return MatchAnswer([weak], [])
        answer = await self._match_views(views[:1], limit)
        if len(views) > 1 and not answer.results[0].matches:
            answer = await self._match_views(views[1:], limit)
        (found,) = answer.results
        result = msgspec.structs.replace(found, quality=hashed.quality)
        return self._counted(MatchAnswer([result], answer.missing))

    async def _match_views(self, views: Sequence[HashedView], limit: int) -> MatchAnswer:
        """Look up several views at once; answer with the first that matches, if one does."""
        packed = b"".join(view.signals for view in views)
        questions = np.frombuffer(packed, np.uint8).reshape(len(views), -1, SIGNAL_BYTES)
        answer = await self.lookup.look_up(questions, limit)
        for view, result in zip(views, answer.results, strict=True):
            if result.matches:
                found = MatchResult(
                    result.matches,
                    more=result.more,
                    upload_view=view.view,
                    upload_place=list(view.place),
                )
                return MatchAnswer([found], answer.missing)
        return MatchAnswer([MatchResult([], more=False)], answer.missing)

    async def _hash(self, picture: bytes) -> Hashed:
        try:
            hashed = await self.pool.hash(picture)
        except NotAPicture as error:
            self.metrics.pictures.labels(type(error).__name__).inc()
            raise
        weak = not hashed.good()
        self.metrics.pictures.labels("low_quality" if weak else "hashed").inc()
        return hashed

    def _counted(self, answer: MatchAnswer) -> MatchAnswer:
        self.metrics.lookups.inc(len(answer.results))
        self.metrics.matches.inc(sum(bool(result.matches) for result in answer.results))
        return answer

    def respond(self, responses: Sequence[HubResponse]) -> int:
        """Take responses, all or none; return how many were new. They outlive a crash.

        Raises:
            MalformedBody: one is incomplete, or it is not clear whose entry it is about.
            NotFound: one names a hub that there is not.
        """
        for response in responses:
            check_response(response)
        return self._take(
            [(self._source(one), Report("response", one.id, for_hub(one))) for one in responses]
        )

    def opine(self, opinions: Sequence[HubOpinion]) -> int:
        """Take opinions, all or none; return how many. They outlive a crash.

        Raises:
            MalformedBody: one is incomplete, or it is not clear whose entry it is about.
            NotFound: one names a hub that there is not.
        """
        for opinion in opinions:
            check_opinion(opinion)
        return self._take(
            [
                (self._source(one), Report("opinion", secrets.token_hex(16), for_hub(one)))
                for one in opinions
            ]
        )

    def _take(self, reports: Sequence[tuple[int, Report]]) -> int:
        new = self.outbox.put(reports)
        for source in {source for source, _ in reports}:
            self.wake(source)
        return new

    def _source(self, report: HubResponse | HubOpinion) -> int:
        """Return whose entry a report is about."""
        if isinstance(report.hub, str):
            if report.hub not in self.sources:
                raise NotFound("there is no hub of that name; GET /health lists them")
            return self.sources[report.hub]
        if len(self.sources) == 1:
            return next(iter(self.sources.values()))
        holding = self.outbox.state.sources_of(report.number)
        if len(holding) != 1:
            raise MalformedBody("say which hub is meant: more than one is known")
        return holding[0]

    def require_ready(self) -> None:
        """Do nothing while all is well.

        Raises:
            NotReady: names everything that keeps answers from being true and full.
        """
        if problems := self.vitals.problems():
            raise NotReady("; ".join(problems))
