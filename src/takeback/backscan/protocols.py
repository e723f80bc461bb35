"""Where the rows of a list may lie: a list is data, and must not choose what this machine asks.

Rows may lie where the list does, and where the person who scans says so.
"""

import os

from takeback.backscan.items import Lists, resolved
from takeback.backscan.plan import Plan
from takeback.backscan.storage import kind_of, protocol_of
from takeback.errors import UnreadableInput


def allowed(base: str, chosen: tuple[str, ...]) -> frozenset[str]:
    """Return the protocols of files that are read.

    Args:
        base: where the list lies.
        chosen: what else may be read.
    """
    return frozenset({protocol_of(base), *chosen})


def check(plan: Plan, lists: Lists) -> None:
    """Refuse a list that plainly needs another protocol, before every row of it is refused.

    Raises:
        UnreadableInput: none of the first rows may be read, or a protocol is not known.
        PackageMissing: a protocol needs a package that is not installed.
    """
    may = allowed(plan.listing.base, plan.choices.protocols)
    for protocol in sorted(may):
        kind_of(protocol)
    if plan.listing.kind == "files" and plan.shards:
        found = _found(plan, lists)
        if found and may.isdisjoint(found):
            raise _not_chosen(found)


def _found(plan: Plan, lists: Lists) -> set[str]:
    """Return the protocols of the first shard's rows."""
    names = lists.items(plan.shards[0]).column("path").to_pylist()
    return {protocol_of(resolved(os.fsdecode(name), plan.listing.base)) for name in names if name}


def _not_chosen(found: set[str]) -> UnreadableInput:
    refused = UnreadableInput("the list holds addresses that this scan was not told to read")
    refused.hint = f"If you trust the list: {_options(found)}."
    return refused


def _options(found: set[str]) -> str:
    return " ".join(f"--protocol {each[:20]}" for each in sorted(found)[:3])
