"""Uploads over real HTTP against entries of every type: what matched, why, and where."""

import hashlib
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import httpx2
import numpy as np
import pytest
from PIL import Image, ImageOps

from takeback.cli.demo.film import Edit, excerpt, film
from takeback.hashing import hash_picture
from takeback.hashing.signal_types import SignalType, to_text
from takeback.hashing.video import hash_video
from takeback.matcher.options import MatcherOptions
from tests.matcher.conftest import jpeg, photograph
from tests.matcher.fakehub import FakeHub
from tests.matcher.running import eventually, ready, running

KEY = "1" * 40

KEPT = (0.35, 0.3, 0.95, 0.9)
"""What an off-centre crop keeps: left, top, right and bottom in shares of the picture."""


def register(hub: FakeHub, picture: Image.Image) -> str:
    """Register a picture's keypoints and return the entry's number."""
    (look,) = hash_picture(jpeg(picture), role="reporter").keypoints
    return put(hub, SignalType.KEYPOINTS, look.plain.pack())


def put(hub: FakeHub, kind: SignalType, content: bytes) -> str:
    """Make an entry of any type active and return its number."""
    return hub.put(to_text(kind, content), type=kind, bank="adult", ask="remove")


def crop(picture: Image.Image) -> Image.Image:
    """Keep an off-centre part of a picture."""
    left, top, right, bottom = KEPT
    width, height = picture.size
    return picture.crop(
        (round(left * width), round(top * height), round(right * width), round(bottom * height))
    )


def send(client: httpx2.Client, upload: bytes, content_type: str = "image/jpeg") -> dict[str, Any]:
    """Ask about an upload and return the one result."""
    answer = client.post("/v1/match", content=upload, headers={"content-type": content_type})
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    return dict(result)


def test_an_off_centre_crop_matches_by_keypoints_and_says_where_the_picture_lies(
    hub: FakeHub, options: MatcherOptions, capfd: pytest.CaptureFixture[str]
) -> None:
    """The corners that were cut off lie outside the upload; once withdrawn nothing is found."""
    number = register(hub, photograph("chelsea"))
    upload = jpeg(crop(photograph("chelsea")))
    left, top, right, bottom = KEPT
    begin, end = -left / (right - left), (1 - left) / (right - left)
    above, below = -top / (bottom - top), (1 - top) / (bottom - top)
    with running(options) as client:
        eventually(lambda: ready(client))
        (match,) = send(client, upload)["matches"]
        mirrored = send(client, jpeg(ImageOps.mirror(crop(photograph("chelsea")))))["matches"]
        other = send(client, jpeg(crop(photograph("coffee"))))

        marker = hub.withdraw(number)

        eventually(lambda: hub.confirmed == [marker])
        assert send(client, upload)["matches"] == []

    assert (match["number"], match["ground"], match["hub"]) == (number, "keypoints", "hub")
    assert match["votes"] >= 3
    assert "distance" not in match
    found = [shares for corner in match["place"] for shares in corner]
    assert found == pytest.approx([begin, above, end, above, end, below, begin, below], abs=0.08)
    assert mirrored[0]["place"][0][0] > mirrored[0]["place"][1][0], "left and right are exchanged"
    assert (other["matches"], other["looked_up"]) == ([], True)
    assert number not in "".join(capfd.readouterr())


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film of twelve seconds, a mirrored excerpt of it, and another film."""
    folder = tmp_path_factory.mktemp("videos")
    seen = [photograph(name) for name in ("coffee", "chelsea", "rocket")]
    film(seen, 12, folder / "film.mp4", size=(320, 180))
    excerpt(folder / "film.mp4", 3.5, 6, folder / "excerpt.mp4", Edit(height=144, mirrored=True))
    film([photograph("brick")], 5, folder / "other.mp4")
    return folder


@pytest.fixture
def filming(options: MatcherOptions) -> MatcherOptions:
    """Options of a matcher that takes videos too."""
    return replace(options, video_hashers=1)


def both_ready(client: httpx2.Client) -> bool:
    """Tell whether the matcher is ready, its process for videos included."""
    return ready(client) and "video_hashers 1.0" in client.get("/metrics").text


def test_a_mirrored_excerpt_of_a_registered_video_matches_and_says_when(
    hub: FakeHub, filming: MatcherOptions, videos: Path
) -> None:
    """And a picture taken from it; another film matches nothing."""
    registered = hash_video(videos / "film.mp4", role="reporter")
    number = put(hub, SignalType.VIDEO, registered.pack())
    with running(filming) as client:
        eventually(lambda: both_ready(client), 60)
        result = send(client, (videos / "excerpt.mp4").read_bytes(), "video/mp4")
        other = send(client, (videos / "other.mp4").read_bytes(), "application/octet-stream")
        metrics = client.get("/metrics").text

    (match,) = result["matches"]
    assert (match["number"], match["ground"]) == (number, "video")
    assert match["upload_view"] == "mirrored"
    assert match["registered_seconds"] == pytest.approx([3.5, 9.5], abs=1.5)
    assert match["seconds"][1] - match["seconds"][0] > 4
    assert result["complete"] is True
    assert other["matches"] == []
    assert 'videos_total{outcome="hashed"} 2.0' in metrics


def test_pictures_are_answered_while_a_video_is_hashed(
    filming: MatcherOptions, videos: Path
) -> None:
    """Each kind has processes of its own; one video too many is told when to come back."""
    film_bytes = (videos / "film.mp4").read_bytes()
    answers: list[httpx2.Response] = []
    with running(replace(filming, waiting_videos=0)) as client:
        eventually(lambda: both_ready(client), 60)
        (slow,) = hashing("video")

        def upload() -> None:
            with httpx2.Client(base_url=client.base_url, timeout=30) as second:
                headers = {"content-type": "video/mp4"}
                answers.append(second.post("/v1/match", content=film_bytes, headers=headers))

        os.kill(slow, signal.SIGSTOP)
        uploading = threading.Thread(target=upload)
        uploading.start()
        eventually(lambda: "videos_under_way 1.0" in client.get("/metrics").text)
        assert send(client, jpeg(photograph()))["looked_up"] is True
        refused = client.post(
            "/v1/match", content=film_bytes, headers={"content-type": "video/mp4"}
        )
        os.kill(slow, signal.SIGCONT)
        uploading.join(30)

    assert (refused.status_code, refused.json()["title"]) == (503, "Too busy")
    assert answers[0].json()["results"][0]["looked_up"] is True


def hashing(kind: str) -> list[int]:
    """Return the process ids of this process' children that hash uploads of a kind."""
    lists = Path("/proc/self/task").glob("*/children")
    children = [int(pid) for listed in lists for pid in listed.read_text().split()]
    return [pid for pid in children if kind in arguments(pid)]


def arguments(pid: int) -> list[str]:
    """Return what a process was started with."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_a_registered_picture_is_found_inside_an_uploaded_video(
    hub: FakeHub, filming: MatcherOptions, tmp_path: Path
) -> None:
    """Whole for two seconds, or as a piece that the camera moves over; with when."""
    shown, piece = photograph("rocket"), photograph("chelsea")
    whole = hub.put(hash_picture(jpeg(shown), role="reporter").whole)
    inside = register(hub, piece)
    slides(tmp_path / "slides.mp4", [photograph("coffee"), shown, photograph("brick")])
    film([photograph("coffee"), piece], 8, tmp_path / "panned.mp4", size=(320, 180))
    with running(filming) as client:
        eventually(lambda: both_ready(client), 60)
        (first,) = send(client, (tmp_path / "slides.mp4").read_bytes(), "video/mp4")["matches"]
        (second,) = send(client, (tmp_path / "panned.mp4").read_bytes(), "video/mp4")["matches"]

    assert (first["number"], first["ground"]) == (whole, "whole")
    assert 1.5 <= first["seconds"][0] <= first["seconds"][1] <= 4.5
    assert first["place"] == [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert (second["number"], second["ground"]) == (inside, "keypoints")
    assert 3.5 <= second["seconds"][0] <= second["seconds"][1] <= 8


def slides(path: Path, pictures: list[Image.Image]) -> None:
    """Show each picture for two seconds."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 426, 284, "yuv420p"
        for number in range(16 * len(pictures)):
            slide = pictures[number // 16].resize((426, 284))
            frame: Any = av.VideoFrame.from_ndarray(np.array(slide), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_a_picture_taken_from_a_registered_video_matches(
    hub: FakeHub, options: MatcherOptions, videos: Path
) -> None:
    """And the answer says from which second it is; this needs no process for videos."""
    number = put(hub, SignalType.VIDEO, hash_video(videos / "film.mp4", role="reporter").pack())
    with av.open(str(videos / "film.mp4")) as container:
        frame: Any = next(each for each in container.decode(video=0) if (each.time or 0) >= 6)
    with running(options) as client:
        eventually(lambda: ready(client))
        (match,) = send(client, jpeg(frame.to_image()))["matches"]

    assert (match["number"], match["ground"]) == (number, "video")
    assert match["registered_seconds"] == pytest.approx([6, 6], abs=1.0)
    assert "seconds" not in match


def test_the_very_file_matches_by_its_digest(
    hub: FakeHub, filming: MatcherOptions, videos: Path
) -> None:
    """That is all some partners have of a video."""
    file = (videos / "film.mp4").read_bytes()
    digest = hashlib.md5(file, usedforsecurity=False).digest()
    number = put(hub, SignalType.MD5, digest)
    with running(filming) as client:
        eventually(lambda: both_ready(client), 60)
        (match,) = send(client, file, "video/mp4")["matches"]
        assert send(client, file + b"\0", "video/mp4")["matches"] == []

    assert (match["number"], match["ground"], match["upload_view"]) == (number, "file", "whole")


def test_every_frame_of_a_video_is_paid_for(
    filming: MatcherOptions, videos: Path, tmp_path: Path
) -> None:
    """Each is compared as a picture: a video is no way around a quota, but is never cut off."""
    keys = tmp_path / "callers"
    keys.write_text(f"small {KEY} 10\n")
    film = (videos / "film.mp4").read_bytes()
    frames = len(hash_video(videos / "film.mp4", role="query"))
    with running(replace(filming, require_key_file=keys)) as client:
        client.headers["authorization"] = f"Bearer {KEY}"
        eventually(lambda: both_ready(client), 60)
        send(client, film, "video/mp4")
        after = client.post("/v1/match", content=film, headers={"content-type": "video/mp4"})

    assert after.status_code == 429
    assert int(after.headers["retry-after"]) > 60 * (frames - 10) / 10 - 60
