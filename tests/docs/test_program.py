"""The lines for somebody's own program do what the page says they print."""

import contextlib
import io
import re
from pathlib import Path

import pytest
import skimage
from PIL import Image

from takeback.cli.demo.film import Edit, excerpt, film

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "match-in-your-own-program.md"
PICTURES = Path(skimage.__file__).parent / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the page's reader has: a picture, a part of it, a flat one, a video, a clip of it."""
    coffee, chelsea, rocket = (
        Image.open(PICTURES / name).convert("RGB")
        for name in ("coffee.png", "chelsea.png", "rocket.jpg")
    )
    coffee.save(tmp_path / "original.png")
    coffee.crop((72, 136, 372, 336)).save(tmp_path / "upload.jpg")
    Image.new("RGB", (300, 300), (90, 90, 90)).save(tmp_path / "grey.png")
    film([chelsea, coffee, rocket], 24, tmp_path / "original.mp4")
    excerpt(tmp_path / "original.mp4", 6, 10, tmp_path / "clip.mp4", Edit(border=0.1))
    return tmp_path


def test_the_lines_print_what_the_page_says(folder: Path) -> None:
    """Block after block in one program; numbers to a half, as encoders differ."""
    blocks = re.findall(r"```python\n(.*?)```\n(.*?)(?=```python|\Z)", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}

    assert len(blocks) == 4
    for code, after in blocks:
        [said] = re.findall(r"```text\n(.*?)```", after, re.DOTALL)
        with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, PAGE.name, "exec"), names)  # noqa: S102 - our own page
        assert _words(printed.getvalue()) == _words(said)
        assert _numbers(printed.getvalue()) == pytest.approx(_numbers(said), abs=0.5)


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]+", text)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]
