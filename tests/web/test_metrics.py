"""Metrics count by what the code names, never by what a request says."""

from takeback.web.metrics import Metrics


def test_labels_are_role_route_and_status_only() -> None:
    """There is no label that could hold an identifier."""
    metrics = Metrics()
    metrics.answered("portal", "/v1/cases", 201, 0.03)

    names = {
        label
        for family in metrics.registry.collect()
        for sample in family.samples
        for label in sample.labels
    }

    assert names == {"role", "route", "status", "le"}


def test_what_was_answered_is_counted() -> None:
    """One request is one count and one observation."""
    metrics = Metrics()

    metrics.answered("partner", "/v1/lookup", 200, 0.003)
    metrics.answered("partner", "/v1/lookup", 200, 0.004)

    text = metrics.text().decode()
    route = 'role="partner",route="/v1/lookup"'
    assert f'takeback_requests_total{{{route},status="200"}} 2.0' in text
    assert f"takeback_request_seconds_count{{{route}}} 2.0" in text


def test_two_applications_in_one_process_count_apart() -> None:
    """Each has a registry of its own."""
    Metrics().answered("portal", "/", 200, 0.1)

    assert b'route="/"' not in Metrics().text()
