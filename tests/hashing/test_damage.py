"""Damaged, cut, enormous files and no pictures: an error, never a crash or half a signal."""

import os
import random
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from takeback.errors import NotAPicture, PictureTooLarge, PictureTruncated
from takeback.hashing import decode, hash_picture
from tests.hashing.files import (
    FILES,
    bomb_gif,
    bomb_jpeg,
    bomb_png,
    bomb_webp,
    heic,
    photograph,
    save,
)

WHOLE = {kind: make() for kind, make in FILES.items()}
TRUE_SIGNALS = {kind: hash_picture(file) for kind, file in WHOLE.items()}


def cuts(length: int) -> list[int]:
    """Return where to cut a file: every byte of its head, its last ones, and places between."""
    between = random.Random(length).sample(range(length), min(length, 60))
    return sorted({*range(min(length, 40)), *between, *range(max(0, length - 25), length)})


@pytest.mark.parametrize("kind", FILES)
def test_a_cut_file_never_gives_another_signal(kind: str) -> None:
    """A broken download is refused, or whole pixels give the whole signal; nothing between."""
    file, refused = WHOLE[kind], 0

    for length in cuts(len(file)):
        try:
            assert hash_picture(file[:length]) == TRUE_SIGNALS[kind]
        except NotAPicture:
            refused += 1

    assert refused >= 40


@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_in_half_is_called_truncated(kind: str) -> None:
    """She learns that its end is missing, not that it is no picture."""
    end = WHOLE[kind].index(b"\xff\xd9") if kind == "multi-picture jpeg" else len(WHOLE[kind])
    if kind == "animated gif":
        end //= 3

    with pytest.raises(PictureTruncated) as refused:
        hash_picture(WHOLE[kind][: end // 2])

    assert "end is missing" in refused.value.hint


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**32 - 1))
def test_a_damaged_file_gives_signals_or_a_typed_error(kind: str, seed: int) -> None:
    """Whatever bytes arrive, the program goes on."""
    chance = random.Random(seed)
    file = bytearray(WHOLE[kind])
    for _ in range(chance.choice((1, 3, 20))):
        file[chance.randrange(min(len(file), chance.choice((60, 400, len(file)))))] ^= (
            1 << chance.randrange(8)
        )

    try:
        hash_picture(bytes(file))
    except NotAPicture as error:
        assert error.hint  # noqa: PT017  both outcomes are right, and this one must help


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_bytes_that_are_no_picture_are_called_so(data: bytes) -> None:
    """No guess is made."""
    with pytest.raises(NotAPicture):
        hash_picture(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"not a picture", "not a JPEG"),
        (b"BM" + bytes(100), "not a JPEG"),
        (b"II*\0" + bytes(100), "not a JPEG"),
        (b"%PDF-1.7 " + bytes(100), "not a JPEG"),
        (b"\0\0\0\x18ftypmp42" + bytes(100), "not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG"),
    ],
    ids=["empty", "text", "bmp", "tiff", "pdf", "video", "svg"],
)
def test_other_files_are_named_for_what_they_are_not(data: bytes, says: str) -> None:
    """The error says which formats are read."""
    with pytest.raises(NotAPicture, match=says) as refused:
        hash_picture(data)

    assert type(refused.value) is NotAPicture


BOMBS = {
    "png": bomb_png(40_000, 40_000),
    "webp": bomb_webp(16_384, 16_384),
    "gif": bomb_gif(65_535, 65_535),
    "jpeg": bomb_jpeg(65_500, 65_500),
    "long png": bomb_png(70_000, 1),
    "just above": bomb_png(10_000, 8_001),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_by_its_header(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any memory is taken for its pixels."""
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", _never)
    monkeypatch.setattr("PIL._webp.WebPAnimDecoder", _never)

    with pytest.raises(PictureTooLarge):
        hash_picture(BOMBS[kind])


def _never(*_: object) -> None:
    raise AssertionError("memory was about to be taken")


@pytest.mark.parametrize("kind", ["avif", "heic"])
def test_a_large_picture_in_a_modern_format_is_refused_too(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their size is read from the header as well."""
    monkeypatch.setattr(decode, "MAXIMUM_PIXELS", 160 * 120 - 1)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", _never)

    with pytest.raises(PictureTooLarge):
        hash_picture(WHOLE[kind])


def test_the_largest_picture_allowed_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit itself is still allowed."""
    monkeypatch.setattr(decode, "MAXIMUM_PIXELS", 160 * 120)

    assert hash_picture(WHOLE["webp"]) == TRUE_SIGNALS["webp"]


def test_running_out_of_memory_is_a_picture_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker with little memory says so and goes on."""

    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", no_memory)

    with pytest.raises(PictureTooLarge, match="memory"):
        hash_picture(WHOLE["png"])


def test_an_enormous_file_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether it comes as bytes or as a file."""
    path = tmp_path / "picture"
    path.write_bytes(WHOLE["png"])
    monkeypatch.setattr(decode, "MAXIMUM_BYTES", len(WHOLE["png"]) - 1)

    for source in (WHOLE["png"], path):
        with pytest.raises(PictureTooLarge, match="bytes"):
            hash_picture(source)


def test_a_file_is_hashed_like_its_bytes(tmp_path: Path) -> None:
    """The name plays no part, not even its ending."""
    path = tmp_path / "picture.gif"
    path.write_bytes(heic(photograph()))

    assert hash_picture(path) == hash_picture(path.read_bytes())


def test_errors_never_name_the_file(tmp_path: Path) -> None:
    """Names of such files are intimate, and errors end up in logs."""
    secret = tmp_path / "secret-name"
    secret.with_suffix(".txt").write_bytes(b"not a picture")
    secret.with_suffix(".cut").write_bytes(WHOLE["jpeg"][:500])
    os.mkfifo(secret.with_suffix(".pipe"))
    unreadable = ["", ".txt", ".cut", ".pipe", ".\0"]

    for ending in unreadable:
        with pytest.raises(NotAPicture) as refused:
            hash_picture(Path(f"{secret}{ending}"))
        error: BaseException | None = refused.value
        while error is not None:
            assert "secret" not in f"{error!r} {vars(error)} {getattr(error, 'filename', '')}"
            error = error.__cause__ or error.__context__


def test_a_folder_is_not_a_picture(tmp_path: Path) -> None:
    """Nor is anything else that is no plain file."""
    assert stat.S_ISDIR(tmp_path.stat().st_mode)

    with pytest.raises(NotAPicture, match="not a file"):
        hash_picture(tmp_path)


def test_a_picture_cut_after_its_last_pixel_is_whole() -> None:
    """A missing trailer costs nothing, so it is no reason to turn anyone away."""
    file = save(photograph(), "PNG")

    assert hash_picture(file[:-12]) == hash_picture(file)
