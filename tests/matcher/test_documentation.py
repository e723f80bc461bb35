"""The matcher's pages and files say what the code does."""

import re
import shlex
from dataclasses import fields, replace
from pathlib import Path

import msgspec
import pytest

from takeback.cli.matcher import matcher as command
from takeback.exchange import wire
from takeback.matcher import arachnid, documents
from takeback.matcher.options import MatcherOptions
from tests.matcher.running import eventually, ready, running

ROOT = Path(__file__).parents[2]
API = (ROOT / "docs/reference/matcher-api.md").read_text()
SECTIONS = re.findall(r"^### (\w+)\n(.*?)(?=^##)", API, re.MULTILINE | re.DOTALL)
EXAMPLES = [
    (name, example)
    for name, section in SECTIONS
    for example in re.findall(r"```json\n(.*?)```", section, re.DOTALL)
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_every_example_is_what_its_heading_says(name: str, example: str) -> None:
    """Read strictly, written back, and still the same."""
    kind = next(getattr(each, name) for each in (documents, arachnid, wire) if hasattr(each, name))

    read = msgspec.json.decode(example, type=kind)

    assert msgspec.to_builtins(read) == msgspec.json.decode(example)


def test_there_is_an_example_of_every_document() -> None:
    """Bodies and answers alike."""
    assert {name for name, _ in EXAMPLES} == {
        "MatchRequest",
        "MatchAnswer",
        "HubMatch",
        "LookupRequest",
        "HubResponsesRequest",
        "HubOpinionsRequest",
        "PdqRequest",
        "PdqAnswer",
        "Accepted",
        "Health",
    }


def test_every_metric_is_documented_and_no_other(options: MatcherOptions) -> None:
    """What Prometheus gets is what the page lists."""
    with running(replace(options, video_hashers=1)) as client:
        eventually(lambda: ready(client), 60)
        for kind in ("image/png", "video/mp4"):
            client.post("/v1/match", content=b"", headers={"content-type": kind})
        text = client.get("/metrics").text

    served = set(re.findall(r"^(takeback_\w+?)(?:\{| )", text, re.MULTILINE))
    served = {re.sub("_(bucket|count|sum)$", "", name) for name in served}
    served = {name for name in served if not name.endswith("_created")}
    assert served == set(re.findall(r"^\| `(takeback_\w+)", API, re.MULTILINE))


def test_the_unit_starts_the_program_with_options_that_exist() -> None:
    """The command in the systemd unit is one the command line takes."""
    unit = (ROOT / "deploy/takeback-matcher.service").read_text().replace("\\\n", " ")
    (line,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    program, name, *arguments = shlex.split(line)

    known = {option for parameter in command.params for option in parameter.opts}

    assert (program, name) == ("/opt/takeback/bin/takeback", "matcher")
    assert {one for one in arguments if one.startswith("--")} <= known


def test_every_option_of_the_command_is_an_option_of_the_matcher() -> None:
    """Nothing is asked for that nobody reads."""
    sources = {"hubs", "keys", "others", "other_keys"}

    asked = {str(parameter.name) for parameter in command.params} - sources

    assert asked <= {field.name for field in fields(MatcherOptions)}
