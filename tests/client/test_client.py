"""The client's own tests, run by node, and its types, held by the compiler."""

import subprocess
from pathlib import Path

import pytest
from hatch_build import CLIENT, PACKAGES, node

TESTS = sorted((CLIENT / "tests").glob("*.test.ts"))


def run(*arguments: str | Path) -> None:
    """Run node in the client's folder; what it printed is the message of a failure."""
    ran = subprocess.run([node(), *arguments], cwd=CLIENT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_types_hold() -> None:
    """The strict compiler has nothing to say."""
    run(PACKAGES / "typescript" / "bin" / "tsc", "--noEmit")


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_tests_of_the_client_pass(path: Path) -> None:
    """Each file of tests, in a node of its own; one that has no test fails too."""
    run("--test", "--test-reporter=dot", path)
