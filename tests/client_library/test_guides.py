"""The how-to pages' code and commands do what the pages say, with a real matcher."""

import asyncio
import contextlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient

from takeback import client as library
from takeback.client import AsyncClient, Match
from tests.client_library.badserver import BadServer, answers, bad_server, resets
from tests.client_library.conftest import Place
from tests.docs.test_tutorial import commands, fits
from tests.matcher.conftest import jpeg, photograph
from tests.matcher.running import eventually

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
UPLOADS = (PAGES / "check-uploads.md").read_text()
WATCH = (PAGES / "watch-a-store.md").read_text()
PIPE = (PAGES / "ask-from-a-pipe.md").read_text()


def blocks(markdown: str, language: str) -> list[str]:
    """Return the code blocks of a page."""
    return re.findall(rf"```{language}\n(.*?)```", markdown, re.DOTALL)


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: Place
) -> pytest.MonkeyPatch:
    """What the page tells to set."""
    monkeypatch.setenv("MATCHER", place.url)
    monkeypatch.setenv("MATCHER_KEY_FILE", str(place.key_file))
    monkeypatch.setenv("PLACES", str(tmp_path / "uploads"))
    return monkeypatch


def program() -> dict[str, Any]:
    """Run the page's program and return its names."""
    names: dict[str, Any] = {"__name__": "uploads"}
    for code in blocks(UPLOADS, "python"):
        exec(compile(code, "check-uploads.md", "exec"), names)  # noqa: S102 - our own page
    return names


def send(upload: bytes) -> tuple[int, str]:
    """Upload something to the page's program; return the status and where it lies."""
    with TestClient(program()["app"]) as web:
        answer = web.post("/uploads", files={"file": ("name.jpg", upload)})
    [stored] = Path(os.environ["PLACES"]).glob(f"*/{answer.json()['name']}")
    assert stored.read_bytes() == upload
    assert answer.json()["state"] == ("shown" if answer.status_code == 201 else "processing")
    return answer.status_code, stored.parent.name


@pytest.mark.usefixtures("environment")
def test_an_upload_that_matches_nothing_is_shown() -> None:
    """And stored whole, although it was read for the matcher."""
    assert send(jpeg(photograph("chelsea"))) == (201, "shown")


@pytest.mark.usefixtures("environment")
def test_a_match_is_kept_for_people() -> None:
    """The uploader is told no more than that it takes a while."""
    assert send(jpeg(photograph("coffee"))) == (202, "kept_for_people")


@pytest.mark.usefixtures("environment")
def test_what_is_no_picture_is_for_other_rules() -> None:
    """The uploader is told the same."""
    assert send(b"words") == (202, "kept_for_people")


MISSING = {
    "results": [{"matches": [], "more": False, "looked_up": True}],
    "missing": ["hub.example"],
}


@pytest.fixture
def server() -> Iterator[BadServer]:
    """A matcher that a test has fail."""
    with bad_server() as server:
        yield server


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(503, Retry_After=60),
        answers(429, Retry_After=60),
        answers(200, MISSING),
        answers(401),
        answers(500),
    ],
    ids=["503", "429", "missing", "key", "fault"],
)
@pytest.mark.parametrize(
    ("chosen", "expected"), [("kept", (202, "kept_unchecked")), ("shown", (201, "shown_unchecked"))]
)
def test_without_an_answer_it_is_as_the_platform_decided(
    environment: pytest.MonkeyPatch,
    server: BadServer,
    behaviour: Any,  # noqa: ANN401
    chosen: str,
    expected: tuple[int, str],
) -> None:
    """Closed unless somebody opened it; the upload can be checked later either way."""
    environment.setenv("MATCHER", server.url)
    environment.setenv("UNCHECKED", chosen)
    server.behaviours.append(behaviour)

    assert send(b"upload") == expected


def test_a_matcher_that_is_back_within_five_seconds_is_asked_again(
    environment: pytest.MonkeyPatch, server: BadServer
) -> None:
    """Nobody notices."""
    environment.setenv("MATCHER", server.url)
    server.behaviours += [answers(503), resets]

    assert send(b"upload") == (201, "shown")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("decided", ["removed", "kept"])
def test_what_people_decided_reaches_the_hub(place: Place, decided: str) -> None:
    """With a person's word for it."""
    names = program()
    match = Match(
        number=place.number, hub="hub", bank="adult", ask="remove", view="whole", distance=0
    )

    async def tell() -> None:
        async with AsyncClient(place.url, place.key_file) as matcher:
            await names[decided](matcher, match)

    asyncio.run(tell())

    sent = eventually(
        lambda: [one for one in place.hub.responses.values() if one.response == decided]
    )
    assert sent[-1].confirmed_by_person


REFERENCE = (PAGES.parent / "reference" / "client.md").read_text()


def test_the_reference_has_every_name() -> None:
    """Each error a row, each document's member a word, each method its signature."""
    rows = set(re.findall(r"^\| `([A-Z]\w+)`", REFERENCE, re.MULTILINE))
    kinds = [getattr(library, name) for name in library.__all__]
    errors = {kind.__name__ for kind in kinds if issubclass(kind, library.MatcherError)}
    documents = [kind for kind in kinds if issubclass(kind, msgspec.Struct)]

    assert rows == errors - {"MatcherError"}
    for kind in documents:
        assert f"`{kind.__name__}" in REFERENCE
        for member in kind.__struct_fields__:
            assert re.search(rf"`{member}[`=]|{member}=", REFERENCE), member


@pytest.mark.parametrize("kind", [library.Client, AsyncClient])
def test_the_reference_has_every_method_as_it_is(kind: type) -> None:
    """Parameters and defaults, the same for both."""
    methods = {
        name: method
        for name, method in vars(kind).items()
        if inspect.isfunction(method) and not name.startswith("_")
    }
    said = dict(re.findall(r"^\| `(\w+)(\(.*?\))`", REFERENCE, re.MULTILINE))

    assert said.keys() == methods.keys()
    for name, method in methods.items():
        assert said[name] == _signature(method)


def _signature(method: Any) -> str:  # noqa: ANN401
    signature = inspect.signature(method)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in list(signature.parameters.values())[1:]
    ]
    return str(inspect.Signature(bare))


def test_the_reference_s_lines_run(
    place: Place, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the matcher's own address and key."""
    [code] = blocks(REFERENCE, "python")
    (folder / "upload.jpg").write_bytes(jpeg(photograph("coffee")))
    code = code.replace("http://127.0.0.1:8090", place.url)
    code = re.sub(r'key="[^"]+"', f'key="{place.key_file.read_text().strip()}"', code)

    with contextlib.chdir(folder):
        exec(compile(code, "client.md", "exec"), {})  # noqa: S102 - our own page

    assert capsys.readouterr().out.startswith("whole remove (")


def run(markdown: str, place: Place, folder: Path) -> None:
    """Type a page's commands, command by command, and compare what they print."""
    typed = commands(markdown)
    bash = shutil.which("bash")
    assert bash is not None
    asked = f"--matcher {place.url} --key-file {place.key_file}"
    for each in typed:
        text = re.sub(r"takeback (match|watch) ", rf"takeback \1 {asked} ", each.text)
        done = subprocess.run(
            [bash, "-c", f"set -o pipefail; {text}"],
            capture_output=True,
            text=True,
            cwd=folder,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "LANG": "C.UTF-8",
            },
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        assert fits(each.printed, printed), f"{each.text}\n{printed}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two uploads that match nothing."""
    (tmp_path / "uploads").mkdir()
    for name in ("chelsea", "rocket"):
        upload = tmp_path / "uploads" / f"{name}.jpg"
        upload.write_bytes(jpeg(photograph(name)))
        os.utime(upload, (time.time() - 60,) * 2)
    return tmp_path


def test_the_commands_of_a_pipe_print_what_the_page_says(place: Place, folder: Path) -> None:
    """Files, names with NUL, signals."""
    assert len(commands(PIPE)) == 4
    run(PIPE, place, folder)
    assert len((folder / "answers.jsonl").read_text().splitlines()) == 2


def test_the_commands_of_a_watch_print_what_the_page_says(place: Place, folder: Path) -> None:
    """Once, and once more."""
    assert len(commands(WATCH)) == 2
    run(WATCH, place, folder)


def test_the_hook_keeps_a_match_back(place: Place, folder: Path) -> None:
    """Also when it is run twice; what is told is what the page shows."""
    [hook] = blocks(WATCH, "python")
    [shown] = blocks(WATCH, "json")
    (folder / "keep_back.py").write_text(hook)
    upload = folder / "uploads" / "coffee.jpg"
    upload.write_bytes(jpeg(photograph("coffee")))
    os.utime(upload, (time.time() - 60,) * 2)
    command = f'takeback watch uploads --once --on-match "{sys.executable} keep_back.py"'

    run(f"```console\n$ {command}\ntakeback: 3 asked about, 1 with a match\n```", place, folder)
    [told] = folder.glob("kept-back/*/match.json")
    again = subprocess.run(
        [sys.executable, "keep_back.py"], input=told.read_bytes(), cwd=folder, check=False
    )

    assert again.returncode == 0
    assert not upload.exists()
    assert (told.parent / "upload").read_bytes() == jpeg(photograph("coffee"))
    said = json.loads(told.read_text())
    assert said.keys() == json.loads(shown).keys()
    assert said["matches"][0].keys() == json.loads(shown)["matches"][0].keys()
    assert msgspec.convert(said["matches"][0], Match).number == place.number
