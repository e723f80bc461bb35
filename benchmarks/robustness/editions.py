"""Names for code and files, so that what was kept of other code or pictures is not used.

Comments, docstrings and layout don't count: they change nothing that is measured.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import takeback.hashing
import takeback.matching


@cache
def hashing_edition() -> str:
    """Name the code that hashes pictures."""
    return code_of(_needed(takeback.hashing, "picture"))


@cache
def matching_edition() -> str:
    """Name the code that looks pictures up and judges what is found."""
    return code_of(_needed(takeback.matching, "index", "keypoint_index", "evidence"))


def _needed(package: ModuleType, *names: str) -> set[Path]:
    """Return the files of modules of one package and of all that they import from it."""
    folder, found, todo = Path(str(package.__file__)).parent, set[Path](), list(names)
    while todo:
        file = folder / f"{todo.pop()}.py"
        if file.exists() and file not in found:
            found.add(file)
            todo += _imported(ast.parse(file.read_bytes()), package.__name__)
    return found


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == package:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}."):
            yield str(node.module).split(".")[2]


def code_of(files: Iterable[Path]) -> str:
    """Return a digest of what source files do, less what they say about it."""
    return _digest(
        ast.dump(_silent(ast.parse(file.read_bytes()))).encode() for file in sorted(files)
    )


def digest_of(*files: Path) -> str:
    """Return the digest of files as they are."""
    return _digest(file.read_bytes() for file in sorted(files))


def _silent(tree: ast.AST) -> ast.AST:
    """Take docstrings out."""
    for node in ast.walk(tree):
        for _, inside in ast.iter_fields(node):
            if isinstance(inside, list):
                inside[:] = [each for each in inside if not _is_docstring(each)]
    return tree


def _is_docstring(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _digest(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]
