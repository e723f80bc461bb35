"""``?views=plain``: a picture is compared whole, in its eight turns, and no further."""

from typing import Any

import httpx2
from PIL import ImageOps

from takeback.hashing import hash_picture
from takeback.matcher.options import MatcherOptions
from tests.matcher.conftest import jpeg, photograph
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running

JPEG = {"content-type": "image/jpeg"}


def match(client: httpx2.Client, picture: Any, **query: str) -> Any:  # noqa: ANN401
    """Ask about a picture and return the one result."""
    answer = client.post("/v1/match", content=jpeg(picture), headers=JPEG, params=query)
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    return result


def test_a_plain_look_finds_whole_pictures_and_no_more(
    hub: FakeHub, options: MatcherOptions
) -> None:
    """Turned and mirrored ones too; a frame around one needs the other views."""
    picture = photograph()
    framed = ImageOps.expand(picture, 120, "black")
    hub.put(hash_picture(jpeg(picture)).whole)
    with running(options) as client:
        eventually(lambda: ready(client))
        assert match(client, picture, views="plain")["matches"][0]["ground"] == "whole"
        assert match(client, ImageOps.mirror(picture), views="plain")["matches"]
        assert match(client, framed, views="plain")["matches"] == []
        assert match(client, framed, views="all")["matches"][0]["ground"] == "view"
        assert match(client, framed)["matches"]
        wrong = client.post("/v1/match?views=some", content=jpeg(picture), headers=JPEG)
        metrics = client.get("/metrics").text

    assert wrong.status_code == 400
    assert 'takeback_matcher_upload_seconds_count{kind="picture"} 5.0' in metrics
    assert 'takeback_matcher_refused_total{status="400"} 1.0' in metrics
