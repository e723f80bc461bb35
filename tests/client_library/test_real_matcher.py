"""Both clients with a real matcher that follows a hub, with a key, over HTTP."""

from pathlib import Path
from typing import Any

import pytest

from takeback.client import KeyRefused, NotReadable, Opinion, Refused, Response
from tests.client_library.conftest import KEY, Opening, Place, registered
from tests.matcher.conftest import jpeg, near, photograph
from tests.matcher.running import eventually


@pytest.fixture
def asking(opened: Opening, place: Place) -> Any:  # noqa: ANN401 - of either kind
    """A client of that matcher."""
    return opened(place.url, KEY, within=30.0)


def test_a_picture_is_matched(asking: Any, place: Place, tmp_path: Path) -> None:  # noqa: ANN401
    """From a path and from memory; another one is not."""
    path = tmp_path / "upload.jpg"
    path.write_bytes(jpeg(photograph("coffee")))

    found = asking.match(path)
    other = asking.match(jpeg(photograph("chelsea")))

    [match, *_] = found.matches
    assert (match.number, match.ground, match.hub) == (place.number, "whole", "hub")
    assert (match.bank, match.ask) == ("adult", "remove")
    assert match.distance is not None
    assert len(match.place) == 4
    assert found.missing == []
    assert other.matches == []
    assert other.results[0].looked_up


def test_signals_are_looked_up(asking: Any, place: Place) -> None:  # noqa: ANN401
    """One result each, in order."""
    signal = registered()

    answer = asking.look_up([near(signal, 31), near(signal, 32), signal.bits])

    assert [[found.distance for found in one.matches] for one in answer] == [[31], [], [0]]
    assert answer.matches[0].number == place.number


def test_what_is_no_picture_is_not_readable(asking: Any) -> None:  # noqa: ANN401
    """With the matcher's own name of the error."""
    with pytest.raises(NotReadable) as refused:
        asking.match(b"words")

    assert refused.value.type == "urn:takeback:error:not-a-picture"


def test_responses_and_opinions_reach_the_hub(asking: Any, place: Place) -> None:  # noqa: ANN401
    """And a response sent twice is one."""
    response = Response(
        number=place.number,
        hub="hub",
        response="removed",
        ground="intimate",
        confirmed_by_person=True,
    )

    counted = [asking.respond(response), asking.respond([response])]
    asking.opine(Opinion(number=place.number, opinion="positive", hub="hub"))

    assert counted == [1, 0]
    assert eventually(lambda: response.id in place.hub.responses)
    assert eventually(lambda: place.hub.opinions)


def test_a_response_without_its_ground_is_refused(asking: Any, place: Place) -> None:  # noqa: ANN401
    """In the matcher's words."""
    with pytest.raises(Refused, match="ground is required"):
        asking.respond(Response(number=place.number, response="removed"))


def test_readiness_says_how_each_hub_is(asking: Any) -> None:  # noqa: ANN401
    """As ``GET /ready`` does."""
    health = asking.ready()

    assert [(hub.hub, hub.state) for hub in health.hubs] == [("hub", "following")]


def test_without_the_key_nothing_is_answered(opened: Opening, place: Place) -> None:
    """And the hint says where the key comes from."""
    with pytest.raises(KeyRefused) as refused:
        opened(place.url).match(b"picture")

    assert refused.value.hint
