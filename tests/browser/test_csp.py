"""What a page may do is told to the browser, and the browser holds it to that."""

from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page

from takeback.web.edge import HEADERS
from takeback.web.portal.policy import PAGE_POLICY
from tests.browser.harness import Complaints
from tests.browser.sites import NAMES, PAGES
from tests.web.conftest import Served

ALWAYS = (
    "cache-control",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
)


def test_no_page_is_left_out(portal: Served) -> None:
    """What the tests of pages go through are all that the hub serves."""
    served = {route.path for route in portal.app.routes if route.path.startswith("/{language")}
    known = {f"/{{language:str}}/{name}".rstrip("/") for name in NAMES if name != "help/kr"}

    assert served == known | {"/{language:str}/help/{country:str}"}


@pytest.mark.parametrize("address", PAGES)
def test_every_page_arrives_with_its_policy(page: Page, portal: Served, address: str) -> None:
    """As the browser receives it, with all that every answer has, and nothing from elsewhere."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    answer = page.goto(address)

    assert answer is not None
    assert answer.status == 200
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert {name: answer.headers[name] for name in ALWAYS} == {
        name: HEADERS[name] for name in ALWAYS
    }
    assert [url for url in asked if not url.startswith(f"{portal.url}/")] == []


@pytest.mark.parametrize("address", PAGES)
def test_every_script_and_style_has_its_digest(page: Page, address: str) -> None:
    """A browser refuses a file that is another than the page names."""
    page.goto(address)

    code = page.locator("script:not([type='application/json']), link[rel=stylesheet]")

    assert code.count() >= 2
    assert code.evaluate_all("all => all.filter(each => !each.integrity).length") == 0


FORBIDDEN = {
    "a script in the page": """() => {
        const script = document.createElement("script");
        script.textContent = "globalThis.ran = true";
        document.head.append(script);
    }""",
    "a style in the page": """() => {
        const style = document.createElement("style");
        style.textContent = "body { color: rgb(1, 2, 3) }";
        document.head.append(style);
        globalThis.ran = getComputedStyle(document.body).color === "rgb(1, 2, 3)";
    }""",
    "a picture from elsewhere": """async () => {
        const picture = new Image();
        const shown = new Promise(done => {
            picture.onload = done;
            picture.onerror = () => done(0);
        });
        picture.src = "http://127.0.0.1:9/x.png";
        globalThis.ran = Boolean(await shown);
    }""",
    "a request to elsewhere": """async () => {
        globalThis.ran = await fetch("http://127.0.0.1:9/").then(() => true, () => false);
    }""",
    "a picture out of memory": """async () => {
        const picture = new Image();
        const shown = new Promise(done => {
            picture.onload = done;
            picture.onerror = () => done(0);
        });
        picture.src = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
        globalThis.ran = Boolean(await shown);
    }""",
    "a frame": """async () => {
        const frame = document.createElement("iframe");
        frame.src = "/ko";
        const loaded = new Promise(done => { frame.onload = done; setTimeout(done, 500) });
        document.body.append(frame);
        await loaded;
        globalThis.ran = frame.contentDocument?.title === document.title;
    }""",
}


@pytest.mark.parametrize("script", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_the_policy_forbids_does_not_happen(
    page: Page, complaints: Complaints, script: str
) -> None:
    """Even to somebody who could run a script in the page."""
    complaints.expect("Content Security Policy|Trusted Type|TrustedScript|X-Frame-Options")
    page.goto("/ko")

    with suppress(Error):
        page.evaluate(script)

    assert page.evaluate("() => Boolean(globalThis.ran)") is False
    assert complaints.heard != []


@pytest.mark.parametrize(
    "script",
    [
        "() => { document.body.innerHTML = '<p>x' }",
        "() => { document.body.insertAdjacentHTML('beforeend', '<p>x') }",
        "() => { document.write('<p>x') }",
        "() => { new Worker('/assets/leave.js') }",
        "() => { document.createElement('script').src = '/assets/leave.js' }",
        "() => { trustedTypes.createPolicy('another', {}) }",
        "() => { setTimeout('globalThis.ran = true') }",
    ],
)
def test_text_never_becomes_markup_or_script(
    page: Page, complaints: Complaints, script: str
) -> None:
    """Trusted Types: what would turn a string into elements or code throws."""
    complaints.expect("Trusted|Content Security Policy|trusted-types|createPolicy")
    page.goto("/ko")

    with pytest.raises(Error, match=r"TypeError|EvalError"):
        page.evaluate(script)
