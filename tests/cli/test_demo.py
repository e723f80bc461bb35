"""``takeback demo``: the story holds, and the README shows what it prints."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from takeback.cases.wire import Opened
from takeback.cli.demo.run import look_around
from tests.cli.conftest import PICTURES, Centre, Finished, Takeback, runner, serving

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One run of the demonstration."""
    return runner(tmp_path_factory.mktemp("demo"), timeout=150)("demo", "--exit")


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[str]:
    """A hub that was started with ``--demo``."""
    with serving(tmp_path, "--demo") as url:
        yield url


def lines(text: str) -> list[str]:
    """Return what the story tells, without what was measured."""
    told = (re.sub(r" {2,}\S.*| \d.*bytes.*", "", line.rstrip()) for line in text.splitlines())
    return [re.sub(r"\d+", "N", line).strip() for line in told if line.strip()]


def test_every_step_of_the_story_holds(story: Finished) -> None:
    """Exit 0, and no step is crossed."""
    assert story.code == 0, story.out + story.err
    assert "✗" not in story.out
    assert story.out.count("✓") > 20


@pytest.mark.parametrize(
    "form",
    ["a phone's screenshot", "cropped, off-centre", "under a sticker", "ten seconds of video"],
)
def test_every_form_is_caught_and_its_ground_is_said(story: Finished, form: str) -> None:
    """In words: a view, keypoints or video; and how much of it agrees."""
    [line] = [line for line in story.out.splitlines() if form in line]

    assert re.search(r"caught by Large Photo Site +(a view|keypoints|video), \d+ ", line)


def test_ordinary_pictures_are_let_through(story: Finished) -> None:
    """Twenty at least, and a video."""
    [line] = [line for line in story.out.splitlines() if "other pictures" in line]
    [number] = re.findall(r"(\d+) other pictures: all let through", line)

    assert int(number) >= 20
    assert "✓ another video: let through" in story.out


def test_the_readme_shows_what_the_demo_prints(story: Finished) -> None:
    """Line for line, but for times and sizes."""
    shown = re.search(r"```text\n(On the reporter's device.*?)```", README.read_text(), re.DOTALL)

    assert shown is not None
    assert lines(shown[1]) == lines(story.out)


def test_the_story_ends_in_the_portal(story: Finished) -> None:
    """Its last chapter, before the sum."""
    *_, last, held = story.out.strip().split("\n\n")

    assert last.startswith("The portal, where she does all this on her phone\n")
    assert last.count("✓") == 4
    assert held.startswith("All ")


def test_what_to_try_is_said_with_addresses_that_answer(demonstration: str) -> None:
    """The portal's pages in both languages, and what opens the receipt there."""
    opened = Opened("case_1", "2345-6789", ["word"], "314159", "slip")

    text = look_around(demonstration, "http://127.0.0.1:1", opened, Path("case.json"))

    pages = re.findall(r"http://\S+/(?:en|ko)\b", text)
    assert [page.removeprefix(demonstration) for page in pages] == ["/ko", "/en"]
    assert all(httpx2.get(page, trust_env=False).is_success for page in pages)
    assert "code 2345-6789, PIN 314159" in text


def test_a_demonstrations_clock_can_be_moved(demonstration: str, takeback: Takeback) -> None:
    """And the new instant is said on stderr."""
    done = takeback("demo", "advance", "4d", "--hub", demonstration)

    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("takeback: the demonstration is now at 20")


def test_an_ordinary_hubs_clock_can_not_be_moved(centre: Centre) -> None:
    """Exit 4: there is no such address."""
    done = centre.run("demo", "advance", "4d")

    assert done.code == 4
    assert "this hub is no demonstration" in done.err


@pytest.mark.parametrize("days", ["4", "d", "-4d", "0d", "4h", "99999d"])
def test_only_days_can_be_moved_on(takeback: Takeback, days: str) -> None:
    """Exit 2 for anything else."""
    assert takeback("demo", "advance", "--hub", "http://127.0.0.1:1", "--", days).code == 2


def test_a_demonstration_never_leaves_loopback(takeback: Takeback) -> None:
    """Exit 3, before anything listens."""
    done = takeback("serve", "--demo", "--host", "0.0.0.0", "--port", "0", "--data", "hub")  # noqa: S104

    assert (done.code, done.out) == (3, "")
    assert "loopback" in done.err


def test_a_pale_picture_is_refused_before_anything_starts(
    takeback: Takeback, tmp_path: Path
) -> None:
    """One platform of the two has no keypoints, by which alone it could be known."""
    with Image.open(PICTURES / "coffee.png") as coffee:
        picture = coffee.convert("RGB")
    Image.blend(Image.new("RGB", picture.size, "grey"), picture, 0.1).save(tmp_path / "pale.png")

    done = takeback("demo", "--exit", "--picture", tmp_path / "pale.png")

    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("takeback: error: quality ")
