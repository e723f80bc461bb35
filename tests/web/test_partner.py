"""A platform's way over HTTP: follow the feed, look up, report, confirm."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
import pytest

from takeback.exchange.wire import FeedPage, LookupAnswer
from tests.web.conftest import Served, access, signal


def _page(served: Served, key: dict[str, str], **params: Any) -> FeedPage:  # noqa: ANN401
    answer = served.http.get("/v1/feed", headers=key, params=params)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=FeedPage)


def _end(served: Served, key: dict[str, str]) -> str:
    """Read the feed to its end and return the cursor there."""
    page = _page(served, key)
    while page.more:
        page = _page(served, key, after=page.cursor)
    return page.cursor


def _look_up(served: Served, key: dict[str, str], *signals: str) -> LookupAnswer:
    answer = served.http.post("/v1/lookup", headers=key, json={"signals": signals})
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=LookupAnswer)


def test_a_registration_is_in_the_feed_and_gone_after_the_withdrawal(served: Served) -> None:
    """The feed carries the newest state; a withdrawn entry has no signal any more."""
    key = served.bearer(served.platform("follows", feed=True))
    opened = served.open_case(signal(20))
    start = _page(served, key)
    found = next(entry for entry in start.entries if entry.signal == signal(20))

    served.http.post("/v1/cases/withdrawal", json=access(opened))
    news = _page(served, key, after=start.cursor)

    states = {entry.number: entry.state for entry in news.entries}
    assert states[found.number] == "gone"
    assert signal(20) not in {entry.signal for entry in news.entries}
    assert len(news.withdrawals) == 1


def test_a_waiting_poll_hears_of_a_registration_within_a_moment(served: Served) -> None:
    """From acknowledged registration to the follower: well under a second at the median."""
    key = served.bearer(served.platform("waits", feed=True))
    times = []
    for number in range(30, 37):
        after = _end(served, key)
        heard: list[float] = []
        poll = threading.Thread(
            target=lambda after=after, heard=heard: (
                _page(served, key, after=after, wait=20),
                heard.append(time.monotonic()),
            )
        )
        poll.start()
        time.sleep(0.15)
        served.open_case(signal(number))
        acknowledged = time.monotonic()
        poll.join()
        times.append(heard[0] - acknowledged)

    assert sorted(times)[len(times) // 2] < 2


def test_a_poll_without_news_ends_when_it_said(served: Served) -> None:
    """The answer is an empty page, and its cursor goes on."""
    key = served.bearer(served.platform("idles", feed=True))
    after = _end(served, key)
    began = time.monotonic()

    page = _page(served, key, after=after, wait=1)

    assert 0.9 < time.monotonic() - began < 5
    assert (page.entries, page.withdrawals, page.more) == ([], [], False)


def test_many_waiting_polls_hold_no_thread(served: Served) -> None:
    """A hundred platforms wait, and a reporter is answered at once."""
    key = served.bearer(served.platform("crowd", feed=True))
    after = _end(served, key)
    params = {"after": after, "wait": 3}
    limits = httpx2.Limits(max_connections=None)
    with httpx2.Client(base_url=served.url, timeout=40, limits=limits, trust_env=False) as http:
        polls = [
            threading.Thread(
                target=http.get, args=("/v1/feed",), kwargs={"headers": key, "params": params}
            )
            for _ in range(100)
        ]
        before = threading.active_count()
        for poll in polls:
            poll.start()
        time.sleep(1)
        serving = threading.active_count() - before - len(polls)
        began = time.monotonic()
        health = http.get("/v1/challenge")
        took = time.monotonic() - began
        for poll in polls:
            poll.join()

    assert health.status_code == 200
    assert took < 2
    assert serving < 70


def test_a_key_that_is_revoked_while_its_poll_waits_gets_nothing(served: Served) -> None:
    """The platform is signed in again before each page."""
    platform = served.platform("leaves", feed=True)
    issued = served.hub.platforms.issue_key(platform.id, served.people()[0], "partner")
    key = {"authorization": f"Bearer {issued.text}"}
    after = _end(served, key)
    answers: list[int] = []

    def poll() -> None:
        answer = served.http.get("/v1/feed", headers=key, params={"after": after, "wait": 20})
        answers.append(answer.status_code)

    waiting = threading.Thread(target=poll)
    waiting.start()
    time.sleep(0.3)
    served.hub.platforms.revoke(issued.id, served.people()[0])
    served.open_case(signal(40))
    waiting.join()

    assert answers == [401]


def test_a_lookup_finds_what_is_near_and_nothing_else(served: Served) -> None:
    """One result for each signal, in the order asked."""
    key = served.bearer(served.platform("asks"))
    served.open_case(signal(41))
    near = f"{int(signal(41), 16) ^ 0b10110:064x}"

    answer = _look_up(served, key, near, signal(42))

    assert [len(result.matches) for result in answer.results] == [1, 0]
    assert answer.results[0].matches[0].distance == 3


def test_a_lookup_of_ten_thousand_signals_is_answered_quickly(served: Served) -> None:
    """The largest call that is allowed, for a bulk of uploads."""
    key = served.bearer(served.platform("bulk"))
    signals = [signal(1000 + number) for number in range(10_000)]
    _look_up(served, key, signal(1))
    began = time.monotonic()

    answer = _look_up(served, key, *signals)

    assert len(answer.results) == 10_000
    assert time.monotonic() - began < 5


def test_a_quota_that_is_spent_says_so(served: Served) -> None:
    """The day's quota counts signals, not calls."""
    platform = served.platform("greedy")
    key = served.bearer(platform)
    quota = platform.quota_per_day
    served.hub.platforms.spend(platform.id, quota)

    answer = served.http.post("/v1/lookup", headers=key, json={"signals": [signal(43)]})

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_the_lookup_tier_gets_no_list(served: Served) -> None:
    """The feed is for platforms that two people approved."""
    key = served.bearer(served.platform("small"))

    answer = served.http.get("/v1/feed", headers=key)

    assert answer.status_code == 403


def test_responses_and_opinions_are_taken_once(served: Served) -> None:
    """Sending the same response again changes nothing."""
    key = served.bearer(served.platform("reports"))
    served.open_case(signal(44))
    number = _look_up(served, key, signal(44)).results[0].matches[0].number
    response = {"id": "0" * 31 + "1", "number": number, "response": "seen"}
    opinion = {"number": number, "opinion": "investigate"}

    first = served.http.post("/v1/responses", headers=key, json={"responses": [response]})
    again = served.http.post("/v1/responses", headers=key, json={"responses": [response]})
    said = served.http.post("/v1/opinions", headers=key, json={"opinions": [opinion]})

    assert (first.json(), again.json()) == ({"accepted": 1}, {"accepted": 0})
    assert said.status_code == 200


def test_a_withdrawal_is_confirmed_by_its_marker(served: Served) -> None:
    """The receipt then names the platform among those that stopped."""
    platform = served.platform("confirms", feed=True)
    key = served.bearer(platform)
    opened = served.open_case(signal(45))
    after = _end(served, key)
    _page(served, key, after=after)
    served.http.post("/v1/cases/withdrawal", json=access(opened))
    marker = _page(served, key, after=after).withdrawals[0].id

    answer = served.http.post(f"/v1/withdrawals/{marker}/confirmation", headers=key)
    unknown = served.http.post(f"/v1/withdrawals/{'0' * 32}/confirmation", headers=key)
    receipt = served.http.post("/v1/cases/receipt", json=access(opened)).json()

    assert (answer.status_code, answer.content, unknown.status_code) == (204, b"", 404)
    assert receipt["withdrawals"][0]["confirmed"] == ["confirms"]


def test_a_cursor_that_is_not_ours_is_refused(served: Served) -> None:
    """Replayed at another platform, garbled or made up: refused, and nothing is said of why."""
    mine = served.bearer(served.platform("mine", feed=True))
    theirs = served.bearer(served.platform("theirs", feed=True))
    cursor = _end(served, theirs)

    answers = [
        served.http.get("/v1/feed", headers=mine, params={"after": after})
        for after in (cursor, "0" * 80, "x", cursor.swapcase() + "0")
    ]

    assert {answer.status_code for answer in answers} <= {400, 409}


def test_a_changed_mark_begins_the_feed_anew(served: Served) -> None:
    """What a platform may see has changed, so it reads everything again."""
    platform = served.platform("marked", feed=True)
    key = served.bearer(platform)
    cursor = _end(served, key)
    served.hub.platforms.mark(platform.id, served.people()[1], handles_under_18=True)

    answer = served.http.get("/v1/feed", headers=key, params={"after": cursor})

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:takeback:error:epoch-changed"


def test_a_waiting_poll_ends_at_once_when_the_feed_is_taken_away(served: Served) -> None:
    """A platform that lost a mark or the feed does not go on for the rest of its wait."""
    platform = served.platform("demoted", feed=True)
    key = served.bearer(platform)
    cursor = _end(served, key)
    operator, _ = served.people()

    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        asking = pool.submit(
            served.http.get, "/v1/feed", headers=key, params={"after": cursor, "wait": 25}
        )
        time.sleep(0.5)
        served.hub.platforms.demote(platform.id, operator)
        answer = asking.result()

    assert answer.status_code == 403
    assert time.monotonic() - began < 10


def test_an_unmarked_platform_never_sees_under_18_or_not_said(served: Served) -> None:
    """Neither in the feed nor by look-up."""
    unmarked = served.bearer(served.platform("unmarked", feed=True))
    marked = served.bearer(served.platform("may see", feed=True, under_18=True))
    for number, band in ((46, "under_18"), (47, "not_said")):
        served.open_case(signal(number), age_band=band)
    wanted = {signal(46), signal(47)}

    seen = {entry.signal for entry in _page(served, unmarked, limit=5000).entries}
    seen_marked = {entry.signal for entry in _page(served, marked, limit=5000).entries}
    found = _look_up(served, unmarked, *wanted)

    assert not seen & wanted
    assert seen_marked >= wanted
    assert [result.matches for result in found.results] == [[], []]


def test_missing_unknown_and_revoked_keys_get_the_same_answer(served: Served) -> None:
    """Byte for byte, headers but the date included."""
    platform = served.platform("refused")
    people = served.people()
    revoked = served.hub.platforms.issue_key(platform.id, people[0], "partner")
    served.hub.platforms.revoke(revoked.id, people[0])
    other_scope = served.key(platform, "stopncii_fetch")
    tried: list[dict[str, str]] = [
        {},
        {"authorization": "Basic abc"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer " + "x" * 500},
        {"authorization": "Bearer k\xe9y"},
        {"authorization": f"Bearer {revoked.text}"},
        {"authorization": f"Bearer {revoked.text[:-1]}0"},
        {"authorization": f"Bearer {other_scope}"},
        {"x-functions-key": other_scope},
    ]

    answers = [
        served.http.get(
            "/v1/feed", headers=[(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
        )
        for headers in tried
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


def test_a_rotated_key_works_until_its_overlap_ends(served: Served, hub_clock: Any) -> None:  # noqa: ANN401
    """The old key and the new one both open during the overlap, then the new one alone."""
    platform = served.platform("rotates")
    people = served.people()
    old = served.hub.platforms.issue_key(platform.id, people[0], "partner")
    new = served.hub.platforms.rotate(old.id, people[0], timedelta(hours=1))

    def status(key: str) -> int:
        headers = {"authorization": f"Bearer {key}"}
        body = {"signals": [signal(48)]}
        return served.http.post("/v1/lookup", headers=headers, json=body).status_code

    during = status(old.text), status(new.text)
    hub_clock.advance(timedelta(hours=2))
    after = status(old.text), status(new.text)

    assert (during, after) == ((200, 200), (401, 200))


@pytest.mark.parametrize(
    "query", ["wait=31", "wait=-1", "wait=x", "limit=0", "limit=5001", "after=" + "x" * 201]
)
def test_a_wrong_parameter_is_named_and_not_repeated(served: Served, query: str) -> None:
    """The answer says which parameter, in our words."""
    name, _, value = query.partition("=")
    key = served.bearer(served.platform(f"asks {name} {value[:3]}", feed=True))

    answer = served.http.get(f"/v1/feed?{query}", headers=key)

    assert answer.status_code == 400
    assert answer.json()["detail"] == f"wrong parameter: {name}"
    assert len(value) < 3 or value not in answer.text


@pytest.mark.parametrize("query", ["wiat=20", "wait=1&wait=2", "=", "AFTER=x"])
def test_an_unknown_or_doubled_parameter_is_refused(served: Served, query: str) -> None:
    """A typing mistake is told rather than ignored."""
    key = served.bearer(served.platform(f"mistypes {query}", feed=True))

    answer = served.http.get(f"/v1/feed?{query}", headers=key)

    assert answer.status_code == 400
    assert answer.json()["detail"] == "a parameter is unknown or given twice"


def test_a_large_answer_is_compressed_for_who_takes_it(served: Served) -> None:
    """A page of the feed is mostly repetition; a client that takes gzip gets it packed."""
    key = served.bearer(served.platform("packs", feed=True))
    served.open_case(*[signal(100 + number) for number in range(20)])

    packed = served.http.get("/v1/feed", headers={**key, "accept-encoding": "gzip"})
    plain = served.http.get("/v1/feed", headers={**key, "accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert _signals(packed) == _signals(plain) >= {signal(100), signal(119)}


def _signals(answer: httpx2.Response) -> set[str]:
    return {entry["signal"] for entry in answer.json()["entries"] if "signal" in entry}
