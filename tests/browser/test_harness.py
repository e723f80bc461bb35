"""The harness hears what a browser complains of, and says what is missing."""

import pytest
from playwright.sync_api import Browser

from tests.browser import harness
from tests.browser.harness import Complaints, NoBrowser, tab

BLANK = "data:text/html,<title>x</title>"


@pytest.mark.parametrize(
    ("script", "heard"),
    [
        ("console.error('a fault in a script')", "a fault in a script"),
        ("setTimeout(() => { throw new Error('thrown') })", "thrown"),
        ("Promise.reject(new Error('let go'))", "let go"),
    ],
)
def test_what_a_page_complains_of_is_heard(chromium: Browser, script: str, heard: str) -> None:
    """An error in the console, one that is thrown, and a promise that nobody waits for."""
    complaints = Complaints()
    with tab(chromium, "http://localhost") as context:
        complaints.listen(context)
        page = context.new_page()
        page.goto(BLANK)

        page.evaluate(f"() => {{ {script} }}")
        page.wait_for_timeout(50)

    assert [heard in text for text in complaints.unexpected()] == [True]


def test_a_breach_of_the_policy_is_heard(chromium: Browser) -> None:
    """What the content security policy blocks is a complaint."""
    complaints = Complaints()
    with tab(chromium, "http://localhost") as context:
        complaints.listen(context)
        page = context.new_page()
        policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"

        page.goto(f"data:text/html,{policy}<style>p {{ color: red }}</style>")

    assert ["Content Security Policy" in text for text in complaints.unexpected()] == [True]


def test_what_a_test_expects_is_no_complaint() -> None:
    """A test that cuts the network says so."""
    complaints = Complaints(["net::ERR_INTERNET_DISCONNECTED (http://hub/)", "another"])

    complaints.expect("ERR_INTERNET_DISCONNECTED")

    assert complaints.unexpected() == ["another"]


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_missing_browser_is_an_error_that_says_how_to_get_it(
    browser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test is skipped for want of a browser."""
    monkeypatch.setenv(browser.upper(), "no-such-program")

    with pytest.raises(NoBrowser, match=f"apt-get install {browser}"):
        getattr(harness, f"{browser}_program")()
