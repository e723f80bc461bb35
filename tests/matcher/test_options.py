"""Options: safe by default, and every mistake named before anything starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from takeback.errors import BadSettings
from takeback.matcher.options import MatcherOptions, Source, checked

EVERYWHERE = ".".join("0000")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A hub with a key file."""
    key_file = tmp_path / "key"
    key_file.write_text("key")
    return Source(url="https://hub.example/", key_file=key_file)


@pytest.fixture
def good(tmp_path: Path, source: Source) -> MatcherOptions:
    """Options that are right."""
    return MatcherOptions(sources=(source,), data=tmp_path / "data")


def test_a_hub_is_called_by_its_address(good: MatcherOptions) -> None:
    """Unless it was given a name."""
    (source,) = checked(good).sources

    assert (source.name, source.url) == ("hub.example", "https://hub.example")


def test_right_options_listen_on_loopback(good: MatcherOptions) -> None:
    """The default is not reachable from outside."""
    assert checked(good).host == "127.0.0.1"


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.0.0.5", "matcher.internal", ""])
def test_it_never_listens_open(good: MatcherOptions, host: str) -> None:
    """Any address but loopback needs keys."""
    with pytest.raises(BadSettings, match="never open"):
        checked(replace(good, host=host))

    keys = good.sources[0].key_file
    assert checked(replace(good, host=host, require_key_file=keys)).host == host


def test_all_mistakes_are_named_at_once(good: MatcherOptions, source: Source) -> None:
    """So that a person corrects them in one go."""
    elsewhere = replace(source, url="https://other.example", key_file=Path("/nowhere"))
    stock = replace(source, url="https://third.example", kind="stopncii")

    with pytest.raises(BadSettings) as refused:
        checked(
            replace(
                good,
                sources=(source, source, elsewhere, stock),
                ask=True,
                port=70000,
                stale_after=0,
                video_hashers=-1,
            )
        )

    message = str(refused.value)
    for words in (
        "once only",
        "same name",
        "other.example",
        "not asked",
        "port",
        "stale-after",
        "video-h",
    ):
        assert words in message


def test_no_hub_is_a_mistake(good: MatcherOptions) -> None:
    """A matcher of nothing answers no match to everything."""
    with pytest.raises(BadSettings, match="at least one hub"):
        checked(replace(good, sources=()))


def test_a_name_that_could_break_a_label_is_refused(good: MatcherOptions, source: Source) -> None:
    """Names end up in metrics and logs."""
    with pytest.raises(BadSettings, match="a name has letters"):
        checked(replace(good, sources=(replace(source, name='a"b\n'),)))
