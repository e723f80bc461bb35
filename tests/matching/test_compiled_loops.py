"""Compiled loops are kept on disk, and never longer than the files they were made of."""

import os
import subprocess
import sys
from pathlib import Path

INNER = """
from takeback.matching.exact.kernels import compiled


@compiled
def inner(number):
    return number + {added}
"""

OUTER = """
from inner import inner
from takeback.matching.exact.kernels import compiled


@compiled
def middle(number):
    return 10 * inner(number)


@compiled
def outer(number):
    return middle(number)


print(outer(1), len(outer.stats.cache_hits))
"""


def run(folder: Path) -> str:
    """Call the outer loop in a process of its own; print its result and how much was kept."""
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, str(folder / "outer.py")]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_a_loop_is_compiled_anew_when_one_it_calls_has_changed(tmp_path: Path) -> None:
    """Though its own file has not, and though there is another loop between them."""
    (tmp_path / "outer.py").write_text(OUTER)
    (tmp_path / "inner.py").write_text(INNER.format(added=1))
    first, kept = run(tmp_path), run(tmp_path)

    (tmp_path / "inner.py").write_text(INNER.format(added=23))

    assert (first, kept) == ("20 0\n", "20 1\n")
    assert run(tmp_path) == "240 0\n"
