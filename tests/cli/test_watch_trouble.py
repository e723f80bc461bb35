"""``takeback watch`` where uploaders mean harm, or one object, the matcher or a hook fails."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import pytest

from takeback.cli.watch import later, rounds, telling
from takeback.cli.watch.later import Later
from takeback.cli.watch.memory import Memory
from takeback.cli.watch.places import Object, Store, Unseen, place_at
from takeback.cli.watch.rounds import Watch
from takeback.cli.watch.telling import Teller
from takeback.client import Client
from tests.cli import watching
from tests.cli.conftest import PROGRAM, Takeback, bare_environment
from tests.cli.watching import Always, Matcher, look, put, uploads
from tests.client_library.badserver import Asked, BadServer, Behaviour, answers

matcher, store, hook = watching.matcher, watching.store, watching.hook

TOO_LARGE = {"type": "urn:takeback:error:body-too-large", "detail": "Too many bytes."}

Swap = Callable[[Path], object]


def but_for(content: bytes, instead: Behaviour) -> Always:
    """Answer as ever, but to uploads with *content* as *instead* does."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        (instead if asked.body == content else Matcher().answer_slowly)(connection, asked)

    return Always([behave])


def names(told: list[dict[str, object]]) -> list[object]:
    """Return which objects were told of."""
    return [one["object"] for one in told]


def as_socket(path: Path) -> None:
    """Make a socket, by a path short enough for one."""
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


def as_pipe(path: Path) -> int:
    """Make a pipe that somebody holds open, so that no way of opening it waits."""
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)


def as_link(path: Path) -> None:
    """Make a link to a file that is none of the uploads."""
    put(path.parent.parent / "private", b"private")
    path.symlink_to(path.parent.parent / "private")


@pytest.mark.parametrize("swap", [as_pipe, as_link, as_socket, Path.mkdir])
def test_a_file_that_was_swapped_for_something_else_is_gone(store: Path, swap: Swap) -> None:
    """A pipe would be waited for, for ever; a link would show any file of this machine."""
    place = place_at(str(store), ())
    [found, *_] = place.objects(list)
    (store / found.name).unlink()
    swap(store / found.name)

    with pytest.raises(FileNotFoundError):
        place.open(found.name)


def test_a_folder_that_was_swapped_for_a_link_has_no_files(store: Path) -> None:
    """Nor one at any other level."""
    place = place_at(str(store), ())
    (store / "deep").rename(store.parent / "private")
    (store / "deep").symlink_to(store.parent / "private")

    with pytest.raises(FileNotFoundError):
        place.open("deep/b.jpg")


def test_a_link_swapped_in_at_the_last_moment_shows_nothing(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """After it was listed as a file, before it is opened; all others are asked about."""

    def swap(connection: socket.socket, asked: Asked) -> None:
        (store / "c.txt").unlink()
        as_link(store / "c.txt")
        Matcher().answer_slowly(connection, asked)

    matcher.behaviours = but_for(b"good a", swap)

    code, told, err = look(call, store, matcher, "--at-once", "1")

    assert (code, names(told)) == (0, ["deep/b.jpg"])
    assert err == "takeback: 2 asked about, 1 with a match\n"
    assert b"private" not in uploads(matcher)


def test_a_file_overwritten_in_place_is_asked_about_again(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """Also by who keeps its size and sets its time back."""
    look(call, store, matcher)
    before = (store / "a.jpg").stat()
    (store / "a.jpg").write_bytes(b"bad aa")
    os.utime(store / "a.jpg", ns=(before.st_atime_ns, before.st_mtime_ns))

    _, told, _ = look(call, store, matcher)

    assert (store / "a.jpg").stat().st_size == before.st_size
    assert names(told) == ["a.jpg"]


def nest(folder: Path, parts: Sequence[str]) -> None:
    """Make folders within each other, also deeper than a path can say."""
    at = os.open(folder, os.O_RDONLY)
    for part in parts:
        os.mkdir(part, dir_fd=at)
        inner = os.open(part, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)


def test_folders_may_lie_as_deep_as_they_like(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """No uploader can end the watch by that."""
    deep = store / "/".join("d" * 1_050)
    nest(store, deep.relative_to(store).parts)
    put(deep / "e.jpg", b"bad e")

    code, told, _ = look(call, store, matcher)
    (deep / "e.jpg").unlink()
    os.removedirs(deep)

    assert code == 0
    assert len(told) == 2


@pytest.fixture
def out_of_reach(store: Path) -> Iterator[None]:
    """A folder whose path is longer than the system takes."""
    parts = ["d" * 250] * 20
    nest(store, parts)
    yield
    shutil.rmtree(store / parts[0])


@pytest.mark.usefixtures("out_of_reach")
def test_a_folder_that_cannot_be_looked_into_is_not_passed_over(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """All else is asked about, and the exit code says that something is left."""
    code, told, err = look(call, store, matcher)

    assert (code, names(told)) == (7, ["deep/b.jpg"])
    assert "3 asked about, 1 with a match, 1 can't be looked at" in err


def test_what_the_matcher_refuses_is_said_to_be(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """Once, and the exit code tells: nobody compared it with anything."""
    matcher.behaviours = but_for(b"good a", answers(413, TOO_LARGE))

    code, told, err = look(call, store, matcher)
    second = look(call, store, matcher)

    assert (code, names(told)) == (3, ["a.jpg", "deep/b.jpg"])
    assert told[0]["error"] == "TooLarge"
    assert "Too many bytes." in told[0]["detail"]
    assert err == "takeback: 3 asked about, 1 with a match, 1 refused\n"
    assert second == (0, [], "takeback: 0 asked about, 0 with a match\n")


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (413, b"<html>413 Request Entity Too Large</html>"),
        (400, b'{"type": "about:blank", "title": "Bad Request"}'),
    ],
)
def test_a_refusal_of_a_proxy_is_not_the_matchers(
    call: Takeback, store: Path, matcher: BadServer, status: int, page: bytes
) -> None:
    """Many take no more than one megabyte as they come; the matcher never saw the upload."""
    kept = matcher.behaviours
    matcher.behaviours = but_for(b"bad b", answers(status, content=page))
    refused = look(call, store, matcher)
    matcher.behaviours = kept

    code, told, _ = look(call, store, matcher)

    assert (refused[0], refused[1]) == (7, [])
    assert "1 to be asked about again: " in refused[2]
    assert f"(status {status})" in refused[2]
    assert (code, names(told)) == (0, ["deep/b.jpg"])


@pytest.mark.parametrize("status", [403, 408, 500, 503])
def test_one_object_that_fails_stops_no_other(
    call: Takeback, store: Path, matcher: BadServer, status: int
) -> None:
    """It is asked about again; everything after it is asked about now."""
    matcher.behaviours = but_for(b"good a", answers(status))

    code, told, err = look(call, store, matcher)

    assert (code, names(told)) == (7, ["deep/b.jpg"])
    assert "2 asked about, 1 with a match, 1 to be asked about again: " in err


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_a_matcher_that_answers_nothing_is_left_alone(
    call: Takeback, store: Path, matcher: BadServer, status: int
) -> None:
    """It is not asked about every object to find that out."""
    for number in range(40):
        put(store / f"{number}.jpg", b"good %d" % number)
    matcher.behaviours = Always([answers(status)])

    code, told, _ = look(call, store, matcher)

    asked = {*uploads(matcher)} - {rounds.PROBE}
    assert (code, told) == (6 if status == 401 else 7, [])
    assert 0 < len(asked) < 20


def test_what_failed_comes_last_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a bad object delays new ones once, not at every look."""
    bad, good = Object("a", "1"), Object("b", "1")
    put_off = Later()
    put_off.put_off(bad)
    assert list(put_off.last([bad, good])) == [good]

    monkeypatch.setattr(later, "LONGEST", 0.0)
    put_off.put_off(bad)
    assert list(put_off.last([bad, good])) == [good, bad]


def test_what_fails_while_others_are_listed_is_put_off_too() -> None:
    """And forgotten once it is gone."""
    bad, good = Object("a", "1"), Object("b", "1")
    put_off = Later()
    for each in put_off.last([bad, good]):
        if each == bad:
            put_off.put_off(each)

    assert list(put_off.last([bad, good])) == [good]
    assert list(put_off.last([good])) == [good]
    assert put_off.waits == {}


@dataclass
class Locked:
    """A place with one object that can't be read."""

    objects_there: list[Object]

    def objects(self, unseen: Unseen) -> Iterator[Object]:
        """Look at all."""
        return iter(self.objects_there)

    def open(self, name: str) -> BinaryIO:
        """Refuse."""
        raise PermissionError(13, name)


def test_an_unreadable_file_makes_no_look_slower(tmp_path: Path, matcher: BadServer) -> None:
    """It is asked about again, with no word about which it is."""
    with Client(matcher.url) as client, Memory.open(tmp_path / "state", "place") as memory:
        teller = Teller(memory, telling.json_lines)
        place = Locked([Object("secret.jpg", "1")])
        watch = Watch(place=place, memory=memory, client=client, teller=teller, at_once=1)

        seen = watch.look()
        next_one = watch.look()

    assert (seen.complete, seen.slow) == (False, False)
    assert str(seen).endswith("1 to be asked about again: a file can't be read (PermissionError)")
    assert str(next_one) == "0 asked about, 0 with a match"


class NoCredentials(Exception):
    """What is no error of the system."""


class Away:
    """A store whose package raises errors of its own."""

    def invalidate_cache(self) -> None:
        """Do nothing."""

    def find(self, *_: object, **__: object) -> NoReturn:
        """Refuse."""
        raise NoCredentials

    open = find


def test_a_store_that_does_not_answer_is_a_place_that_cannot_be_read() -> None:
    """Whatever its package raises; the watch looks again."""
    place = Store(Away(), "bucket")

    with pytest.raises(OSError, match="NoCredentials"):
        list(place.objects(list))
    with pytest.raises(OSError, match="NoCredentials"), place.open("a.jpg"):
        pass


def test_new_uploads_come_before_what_could_not_be_told(
    call: Takeback, store: Path, matcher: BadServer, hook: Path
) -> None:
    """A hook that fails for one match delays nobody else's."""
    option = ("--on-match", f"{sys.executable} {hook}")
    (hook.parent / "code").write_text("3")
    look(call, store, matcher, *option)
    put(store / "new.jpg", b"bad new")

    look(call, store, matcher, *option)

    told = [line.split()[1] for line in (hook.parent / "told").read_text().splitlines()]
    assert told == ["deep/b.jpg", "new.jpg", "deep/b.jpg"]


def test_hooks_that_fail_take_a_minute_of_a_look_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it goes on without them, and next time with those that had no turn."""
    monkeypatch.setattr(telling, "PATIENCE", 1e-9)
    monkeypatch.setattr(telling, "FIRST", 0.0)
    tried: list[bytes] = []

    def fail(body: bytes) -> bool:
        tried.append(body)
        return False

    with Memory.open(tmp_path / "state", "place") as memory:
        for name in (b"one", b"two"):
            memory.keep(Object(name.decode(), "1"), name)
        teller = Teller(memory, fail)
        left = [teller.again(teller.begin()) for _ in range(3)]

    assert left == [2, 2, 2]
    assert len(tried) == 3
    assert tried[0] != tried[1] != tried[2]


def test_names_are_told_without_what_a_terminal_obeys(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """And are the same for who reads the JSON."""
    name = "\x1b[2J\x9b31m\x7f\u202egpj.exe"
    put(store / name, b"bad name")

    done = call("watch", store, "--once", "--matcher", matcher.url, "--only", "*.exe")

    assert json.loads(done.out)["object"] == name
    assert done.out.rstrip("\n").isprintable()


def test_a_reader_that_went_away_ends_the_watch(store: Path, matcher: BadServer) -> None:
    """As it ends any other program; the match is told to the next one."""
    read, write = os.pipe()
    os.close(read)
    command = [str(PROGRAM), "watch", str(store), "--matcher", matcher.url]

    def run(*options: str, stdout: int) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*command, *options],
            cwd=store.parent,
            env=bare_environment(),
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )

    gone = run(stdout=write)
    os.close(write)
    again = run("--once", stdout=subprocess.PIPE)

    assert gone.returncode == 141
    assert gone.stderr.count(b"\n") == 1
    assert json.loads(again.stdout)["object"] == "deep/b.jpg"
