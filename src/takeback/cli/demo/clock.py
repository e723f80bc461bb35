"""Moving a demonstration's clock on, over HTTP."""

import httpx2
import msgspec

from takeback.cli.refusals import refusal
from takeback.errors import HubUnreachable, NotFound


class _Moved(msgspec.Struct, frozen=True):
    now: str


def advance_clock(hub: str, days: int) -> str:
    """Move the clock of the demonstration at *hub* on and return the instant it is at.

    Raises:
        NotFound: the hub is no demonstration.
        HubUnreachable: there is no hub.
    """
    try:
        response = httpx2.post(f"{hub}/demo/advance", json={"days": days}, trust_env=False)
    except httpx2.TransportError:
        raise HubUnreachable("the hub can't be reached") from None
    if response.status_code == httpx2.codes.NOT_FOUND:
        raise NotFound("this hub is no demonstration: its clock can't be moved")
    if not response.is_success:
        raise refusal(response)
    return msgspec.json.decode(response.content, type=_Moved).now
