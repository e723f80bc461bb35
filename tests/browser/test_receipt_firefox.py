"""The receipt in the system's Firefox: the same page, exchanged without leaving it."""

from pathlib import Path

import msgspec

from takeback.cases.wire import RegistrationDocument
from tests.browser.firefox import started_firefox
from tests.web.conftest import REGISTRATION, Served, item, signal


def test_a_receipt_is_read_and_everything_taken_back(portal: Served, tmp_path: Path) -> None:
    """Code and PIN are typed once; the history does not grow."""
    document = {**REGISTRATION, "language": "ko", "items": [item(signal(1))]}
    wanted = msgspec.convert(document, RegistrationDocument)
    opened = portal.hub.cases.open(wanted, check_proof=False)
    typed = f"""(() => {{
        document.getElementById("open-code").value = "{opened.code}";
        document.getElementById("open-pin").value = "{opened.pin}";
    }})()"""

    with started_firefox(tmp_path) as tab:
        tab.goto(f"{portal.url}/ko/receipt")
        tab.wait_for("document.readyState === 'complete'")
        visited = tab.evaluate("history.length")
        tab.evaluate(typed)
        tab.click("open-go")
        tab.wait_for("document.getElementById('case-id') !== null")
        tab.evaluate("(document.getElementById('withdraw-more').open = true)")
        tab.click("withdraw-go")
        tab.wait_for("document.getElementById('status').textContent.includes('철회됨')")
        after = tab.evaluate("history.length")

    assert tab.complaints == []
    assert after == visited
