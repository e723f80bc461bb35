"""What a platform's own programs can do with a matcher. Knows no HTTP."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET

from takeback.errors import MalformedBody, NotAPicture, NotAVideo, NotFound, NotReady
from takeback.hashing.hasher import Wanted
from takeback.hashing.kinds import Kind
from takeback.hashing.messages import Hashed
from takeback.hashing.picture import PictureSignals
from takeback.hashing.signal import MATCH_DISTANCE
from takeback.matcher.documents import (
    HubOpinion,
    HubResponse,
    MatchAnswer,
    MatchRequest,
    check_opinion,
    check_response,
    for_hub,
)
from takeback.matcher.health import Vitals
from takeback.matcher.lookup import HeldBanks, LookUp, Pay, Signals, signals_of
from takeback.matcher.metrics import Metrics
from takeback.matcher.outbox import Outbox, Report
from takeback.matcher.pool import Pool
from takeback.matcher.state import Held
from takeback.matching.lookup.found import Found
from takeback.matching.lookup.pictures import views_of


def can_be_told_apart(hashed: Hashed) -> bool:
    """Tell whether anything in an upload has enough detail to be looked up."""
    if isinstance(hashed, PictureSignals):
        return bool(views_of(hashed) or hashed.keypoints)
    return bool(len(hashed) or hashed.keypoints)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Looks up, and takes what is to be said to the hubs."""

    lookup: LookUp
    pools: Mapping[Kind, Pool]
    outbox: Outbox
    sources: Mapping[str, int]
    """Each hub's name with its number in the state file."""

    vitals: Vitals
    metrics: Metrics
    wake: Callable[[int], None]
    """Told which source has something to be sent."""

    largest: Mapping[Kind, int] = field(kw_only=True)
    """Bytes of an upload, at most."""

    @property
    def banks(self) -> HeldBanks | None:
        """What is held here; None where the hubs are asked instead."""
        return self.lookup if isinstance(self.lookup, HeldBanks) else None

    def look_up(
        self, signals: Signals, limit: int, radius: int = MATCH_DISTANCE
    ) -> list[Found[Held]]:
        """Compare signals, shape (n, 32), with the banks that are held.

        Raises:
            NotReady: there is none, or none was read yet.
        """
        if self.banks is None:
            raise NotReady("this matcher holds no bank: it asks its hubs")
        found = self.banks.look_up(signals, limit, radius)
        self.metrics.lookups.inc(len(found))
        self.metrics.matches.inc(sum(bool(each.matches) for each in found))
        return found

    async def match_signals(self, request: MatchRequest) -> MatchAnswer:
        """Compare signals with every bank."""
        answer = await self.lookup.signals(signals_of(request.signals), request.limit)
        return self._counted(answer)

    async def match_upload(
        self, kind: Kind, upload: bytearray, limit: int, *, pay: Pay, plain: bool = False
    ) -> MatchAnswer:
        """Hash a picture or video, forget it, and compare it with every bank.

        Args:
            kind: what it is hashed as.
            upload: its bytes; emptied.
            limit: most matches answered.
            pay: told what the upload takes beyond one look-up.
            plain: compare a picture whole only, in its eight turns; a fraction of the work.

        Raises:
            NotAPicture: it can't be hashed.
            NotAVideo: the same of a video.
            Unavailable: it can't be hashed or looked up now.
        """
        hashed = await self.hash(kind, upload, plain=plain)
        if isinstance(hashed, PictureSignals):
            answer = await self.lookup.picture(hashed, limit, pay)
        else:
            pay(max(0, len(hashed) - 1))  # every frame is compared as a picture
            answer = await self.lookup.video(hashed, limit)
        (found,) = answer.results
        result = msgspec.structs.replace(
            found,
            quality=hashed.quality,
            looked_up=can_be_told_apart(hashed),
            complete=UNSET if isinstance(hashed, PictureSignals) else hashed.complete,
        )
        return self._counted(MatchAnswer([result], answer.missing))

    async def hash(self, kind: Kind, upload: bytearray, *, plain: bool = False) -> Hashed:
        """Hash a picture or video and forget it.

        Raises:
            NotAPicture: it can't be hashed.
            NotAVideo: the same of a video.
            Unavailable: it can't be hashed now.
        """
        uploads = self.metrics.pictures if kind == "picture" else self.metrics.videos
        every = Wanted.KEYPOINTS if self.lookup.keypoints else Wanted.VIEWS
        try:
            hashed = await self.pools[kind].hash(upload, Wanted.PLAIN if plain else every)
        except (NotAPicture, NotAVideo) as error:
            uploads.labels(type(error).__name__).inc()
            raise
        uploads.labels("hashed" if can_be_told_apart(hashed) else "low_quality").inc()
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
            TooBusy: too many wait to be sent.
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
            TooBusy: too many wait to be sent.
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
            not_ready = NotReady("; ".join(problems))
            not_ready.hint = self.vitals.hint() or not_ready.hint
            raise not_ready
