"""The measurement of ``make bench``, in short: both medians are far below their target."""

from benchmarks.freshness import TARGET_SECONDS, measured


def test_a_registration_matches_and_a_withdrawal_stops_within_a_second() -> None:
    """At the median, from the hub's answer, at a matcher that follows in a process of its own."""
    result = measured(5)

    assert result.registered_p50 < TARGET_SECONDS
    assert result.withdrawn_p50 < TARGET_SECONDS
