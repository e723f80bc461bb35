"""``takeback watch``: what is asked about, what is told, and what a crash does to both."""

import itertools
import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fsspec
import pytest

from takeback.cli.asking import in_order
from takeback.cli.watch import watch as command
from takeback.cli.watch.memory import Memory
from takeback.cli.watch.places import Object, place_at
from takeback.errors import NotReady
from tests.cli import watching
from tests.cli.conftest import PROGRAM, Takeback, bare_environment
from tests.cli.watching import MATCH, NOTHING, Always, look, put, settle, uploads
from tests.client_library.badserver import BadServer, answers, resets
from tests.matcher.running import eventually

matcher, store, hook = watching.matcher, watching.store, watching.hook


def test_each_object_is_asked_about_once(call: Takeback, store: Path, matcher: BadServer) -> None:
    """A match is told, with what it is and where; the second look asks nothing."""
    code, told, err = look(call, store, matcher)
    again = look(call, store, matcher)

    assert code == 0
    assert [{**one, "id": "x"} for one in told] == [
        {
            "id": "x",
            "object": "deep/b.jpg",
            "matches": [MATCH],
            "more": False,
            "quality": 90,
            "looked_up": True,
            "missing": [],
        }
    ]
    assert err == "takeback: 3 asked about, 1 with a match\n"
    assert again == (0, [], "takeback: 0 asked about, 0 with a match\n")
    assert len(uploads(matcher)) == 3


def test_what_changed_is_asked_about_again(call: Takeback, store: Path, matcher: BadServer) -> None:
    """New content under an old name, and a new name; not what only was renamed away."""
    look(call, store, matcher)
    put(store / "a.jpg", b"bad a")
    put(store / "d.jpg", b"good d")
    (store / "c.txt").unlink()

    _, told, _ = look(call, store, matcher)

    assert [one["object"] for one in told] == ["a.jpg"]
    assert sorted(uploads(matcher)[3:]) == [b"bad a", b"good d"]


def test_a_file_that_is_still_written_waits(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """Until it has not changed for two seconds."""
    (store / "new.jpg").write_bytes(b"bad half")

    before = look(call, store, matcher)
    settle(store / "new.jpg")
    after = look(call, store, matcher)

    assert [one["object"] for one in before[1]] == ["deep/b.jpg"]
    assert [one["object"] for one in after[1]] == ["new.jpg"]


def test_only_names_that_were_asked_for_count(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """Patterns go over the whole relative name; links are never followed."""
    (store / "link.jpg").symlink_to(store / "a.jpg")
    (store / "loop").symlink_to(store)

    look(call, store, matcher, "--only", "*.txt", "--only", "deep/*")

    assert sorted(uploads(matcher)) == [b"bad b", b"good c"]


def test_a_matcher_that_is_away_loses_nothing(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """Exit 7; the next look asks about all that was not answered."""
    behaviour = matcher.behaviours
    matcher.behaviours = Always([resets])
    away = look(call, store, matcher)
    matcher.behaviours = behaviour

    back = look(call, store, matcher)

    assert (away[0], away[1]) == (7, [])
    assert (back[0], [one["object"] for one in back[1]]) == (0, ["deep/b.jpg"])


def test_a_matcher_that_nobody_reaches_is_noticed_before_anything_is_read(
    call: Takeback, store: Path
) -> None:
    """However long an answer may take."""
    began = time.monotonic()

    done = call("watch", store, "--once", "--matcher", "http://127.0.0.1:1", "--within", "60")

    assert done.code == 7
    assert time.monotonic() - began < 5


def test_a_matcher_that_is_not_ready_is_asked_all_the_same(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """It answers what it can; what lacks a bank is asked about again."""
    matcher.behaviours = [answers(503)]

    assert look(call, store, matcher)[0] == 0


def test_what_a_hub_was_missing_for_is_asked_again(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """No match without every bank is no answer yet; the exit code says so."""
    behaviour = matcher.behaviours
    matcher.behaviours = Always([answers(200, {"results": [NOTHING], "missing": ["a.example"]})])
    partly = look(call, store, matcher)
    matcher.behaviours = behaviour

    whole = look(call, store, matcher)

    assert partly[0] == 7
    assert "3 to be asked about again" in partly[2]
    assert whole[2] == "takeback: 3 asked about, 1 with a match\n"


def test_what_the_matcher_cannot_read_is_not_asked_about_again(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """A text among the pictures costs one question."""
    kept = matcher.behaviours
    matcher.behaviours = Always([answers(415, {"type": "urn:takeback:error:not-a-picture"})])
    look(call, store, matcher)
    matcher.behaviours = kept

    assert look(call, store, matcher)[2] == "takeback: 0 asked about, 0 with a match\n"


def test_a_hook_that_fails_is_run_again_with_the_same_id(
    call: Takeback, store: Path, matcher: BadServer, hook: Path
) -> None:
    """Until it succeeds, and no longer; the object is not asked about again."""
    option = ("--on-match", f"{sys.executable} {hook}")
    (hook.parent / "code").write_text("3")
    failed = look(call, store, matcher, *option)
    (hook.parent / "code").write_text("0")

    codes = [look(call, store, matcher, *option)[0] for _ in range(2)]

    told = (hook.parent / "told").read_text().splitlines()
    assert failed[0] == 7
    assert "the hook ended with 3; it is run again" in failed[2]
    assert codes == [0, 0]
    assert len(told) == 2
    assert len(set(told)) == 1
    assert len(uploads(matcher)) == 3


def test_nothing_says_which_object_it_is_about_but_the_answer(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """Neither stderr nor, once told, the state file."""
    _, _, err = look(call, store, matcher, "--on-match", f"{sys.executable} nowhere.py")
    assert "the hook ended with 2" in err
    look(call, store, matcher)

    remembered = b"".join(path.read_bytes() for path in store.parent.glob("takeback-watch.db*"))
    assert "b.jpg" not in err
    assert b"b.jpg" not in remembered


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere",), 3),
        (("elsewhere://bucket",), 3),
        (("uploads", "--on-match", "'"), 3),
        (("uploads", "--on-match", "/nonexistent/program"), 3),
        (("uploads", "--on-match", "uploads/a.jpg"), 3),
        (("uploads", "--matcher", "ftp://x"), 3),
    ],
)
def test_what_cannot_be_watched_is_refused(
    call: Takeback, store: Path, arguments: tuple[str, ...], code: int
) -> None:
    """With a word about why."""
    done = call("watch", *arguments, "--once")

    assert done.code == code
    assert done.err.startswith("takeback: error: ")
    assert "settings.md" not in done.err
    assert not (store.parent / "takeback-watch.db").exists()


def test_a_place_is_the_same_by_each_of_its_names(
    call: Takeback, store: Path, matcher: BadServer
) -> None:
    """Relative or absolute, with a slash at its end or without."""
    codes = [look(call, name, matcher)[0] for name in ("uploads", "uploads/", store, "./uploads")]

    assert codes == [0, 0, 0, 0]
    assert len(uploads(matcher)) == 3


def test_a_state_file_belongs_to_one_place_and_one_process(
    call: Takeback, store: Path, matcher: BadServer, tmp_path: Path
) -> None:
    """Exit 5 for a second of either, 70 for a file that is something else."""
    state = tmp_path / "takeback-watch.db"
    with Memory.open(state, str(store)):
        second = look(call, store, matcher)
    other = look(call, store / "deep", matcher)
    state.write_bytes(b"words, many of them" * 500)
    damaged = look(call, store, matcher)

    assert (second[0], other[0], damaged[0]) == (5, 5, 70)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """What could not be written down is new at the next look."""
    found = Object("a.jpg", "1")
    with Memory.open(tmp_path / "state", "place") as memory:
        memory.db.execute("PRAGMA max_page_count = 1")

        with pytest.raises(NotReady):
            memory.keep(found, bytes(100_000))

    with Memory.open(tmp_path / "state", "place") as memory:
        assert list(memory.new([found])) == [found]
        assert memory.untold() == []


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    """A matcher may be away for days, and each look at it ends early."""
    before = threading.active_count()

    for _ in range(30):
        taken = in_order(itertools.count(), lambda n: n, 2)
        assert [next(taken), next(taken)] == [0, 1]
        taken.close()

    eventually(lambda: threading.active_count() <= before)


def test_a_place_that_is_gone_is_said_to_be(store: Path) -> None:
    """It is not the same as an empty one."""
    place = place_at(str(store), ())
    store.rename(store.parent / "elsewhere")

    with pytest.raises(FileNotFoundError):
        list(place.objects(list))


def test_many_objects_are_compared_with_what_is_known(tmp_path: Path) -> None:
    """In pieces, in order."""
    objects = [Object(str(n), "1") for n in range(1_700)]
    with Memory.open(tmp_path / "state", "place") as memory:
        for each in objects[::3]:
            memory.keep(each, None)

        new = list(memory.new(objects))

    assert new == [each for n, each in enumerate(objects) if n % 3]


def test_an_object_store_is_listed(call: Takeback, matcher: BadServer) -> None:
    """Anything fsspec knows; here its own memory."""
    files = fsspec.filesystem("memory")
    files.pipe({"/bucket/new/a.jpg": b"bad a", "/bucket/new/deep/b.jpg": b"good b"})
    try:
        first = look(call, "memory://bucket/new", matcher)
        files.pipe({"/bucket/new/c.jpg": b"bad c"})
        second = look(call, "memory://bucket/new", matcher)
    finally:
        files.rm("/bucket", recursive=True)

    assert [one["object"] for one in first[1]] == ["a.jpg"]
    assert [one["object"] for one in second[1]] == ["c.jpg"]
    assert len(uploads(matcher)) == 3


def test_a_watch_killed_again_and_again_tells_everything(
    store: Path, matcher: BadServer, hook: Path
) -> None:
    """Killed at any moment while uploads arrive: each is asked about, each match is told.

    What was under way at a kill may be asked about and told once more, with the same id;
    nothing else is.
    """
    command = [str(PROGRAM), "watch", str(store), "--matcher", matcher.url, "--every", "0.1"]
    command += ["--on-match", f"{sys.executable} {hook}", "--at-once", "2"]
    stopped = threading.Event()
    arrivals = [(f"{n}.jpg", b"bad %d" % n if n % 8 == 0 else b"good %d" % n) for n in range(120)]

    def arrive() -> None:
        for name, content in arrivals:
            hidden = store.parent / "arriving"
            put(hidden, content)
            hidden.rename(store / name)
            stopped.wait(0.02)

    arriving = threading.Thread(target=arrive)
    arriving.start()
    kills = 0
    while arriving.is_alive():
        with subprocess.Popen(command, cwd=store.parent, env=bare_environment(), stderr=-3) as run:
            time.sleep(0.5 + 0.13 * kills)
            run.send_signal(signal.SIGKILL)
        kills += 1
    arriving.join()
    last = subprocess.run(
        [*command, "--once"], cwd=store.parent, env=bare_environment(), timeout=60, check=False
    )

    told = (hook.parent / "told").read_text().splitlines()
    expected = {name for name, content in arrivals if content.startswith(b"bad")} | {"deep/b.jpg"}
    assert last.returncode == 0
    assert kills > 2
    assert {line.split()[1] for line in told} == expected
    assert len(set(told)) == len(expected)
    assert len(told) <= len(expected) + kills
    asked = uploads(matcher)
    assert set(asked) >= {content for _, content in arrivals}
    assert len(asked) <= len(set(asked)) + 6 * kills


def test_a_watch_goes_on_while_the_matcher_restarts(store: Path, matcher: BadServer) -> None:
    """It says so once, and tells the match when the matcher is back."""
    behaviour = matcher.behaviours
    matcher.behaviours = Always([resets])
    command = [str(PROGRAM), "watch", str(store), "--matcher", matcher.url, "--every", "0.05"]
    with subprocess.Popen(
        [*command, "--within", "0.2"],
        cwd=store.parent,
        env=bare_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stderr is not None
        assert run.stdout is not None
        begun, away = run.stderr.readline(), run.stderr.readline()
        matcher.behaviours = behaviour
        told = json.loads(run.stdout.readline())
        run.kill()

    assert begun == "takeback: looking every 0.05 s until it is stopped\n"
    assert away.startswith("takeback: error: the matcher can't be reached")
    assert told["object"] == "deep/b.jpg"


def test_the_unit_starts_the_command_with_options_that_exist() -> None:
    """The command in the systemd unit is one the command line takes."""
    unit = (Path(__file__).parents[2] / "deploy/takeback-watch.service").read_text()
    [line] = re.findall(r"^ExecStart=(.+)$", unit.replace("\\\n", " "), re.MULTILINE)
    program, name, *arguments = shlex.split(line)

    parsed = command.make_context(name, arguments).params

    assert (program, name) == ("/opt/takeback/bin/takeback", "watch")
    assert parsed["only"] == ("*/original/*",)
