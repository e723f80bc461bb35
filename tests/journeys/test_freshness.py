"""The measurement of ``make bench``, in short: both medians are far below their target."""

from collections.abc import Sequence

import pytest
from benchmarks.freshness import APART, TARGET_SECONDS, TOGETHER, measured


@pytest.mark.parametrize("roles", [TOGETHER, APART], ids=["together", "apart"])
def test_a_registration_matches_and_a_withdrawal_stops_within_a_second(
    roles: Sequence[Sequence[str]],
) -> None:
    """At the median, from the hub's answer, at a matcher that follows in a process of its own."""
    result = measured(5, roles)

    assert result.registered_p50 < TARGET_SECONDS
    assert result.withdrawn_p50 < TARGET_SECONDS
