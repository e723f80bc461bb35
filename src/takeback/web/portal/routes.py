"""The reporter's addresses. Each reads a document, calls one service method and answers.

Code and PIN travel in bodies, never in an address or a header, so that no log, history or
referrer keeps them.
"""

from importlib.resources.abc import Traversable

from litestar import Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import UNSET, UnsetType

from takeback.app import Hub
from takeback.cases.wire import (
    AccessRequest,
    AddItemsRequest,
    Challenge,
    ChoicesRequest,
    Opened,
    Receipt,
    RecoveryRequest,
    RegistrationDocument,
    WithdrawalRequest,
)
from takeback.errors import NotFound
from takeback.ids import ItemId
from takeback.web.portal import journey, receipt_form
from takeback.web.portal import pages as portal_pages
from takeback.web.portal.front import open_front
from takeback.web.portal.help import routes as help_pages
from takeback.web.portal.language import LOCALE

REGISTRATION_LIMIT = 2 * 1024 * 1024
"""Bytes of a registration: of twenty pictures and some videos. All in it is bounded one by one as
well; more videos are added to the case afterwards."""


def routes(hub: Hub, *, demo: bool, locale: Traversable = LOCALE) -> Router:
    """Return the reporter's routes, bound to *hub*.

    Args:
        hub: what the routes call.
        demo: whether every page is marked as a demonstration.
        locale: where the words of each language are.
    """
    pages = portal_pages.open_pages(hub.settings, demo=demo, locale=locale)
    front = open_front(hub, list(pages.words), demo=demo)
    pages.know(front.facts)
    extra = [
        pages.handler("case", journey.facts(hub, front.help)),
        *receipt_form.routes(hub, pages),
        *help_pages.routes(pages, front),
    ]
    shown = portal_pages.routes(pages, extra)
    return Router(
        "/",
        route_handlers=[*shown, *_opening(hub), *_reading(hub), *_withdrawing(hub)],
        opt={"role": "portal"},
        tags=["reporter"],
        exception_handlers={NotFound: portal_pages.lost(pages)},
    )


def _opening(hub: Hub) -> list[HTTPRouteHandler]:
    """Return the ways to a code and PIN."""

    @get("/v1/challenge", sync_to_thread=True)
    def challenge() -> Challenge:
        """Ask for a proof of work; opening a case and each use of a code need one."""
        return hub.cases.challenge()

    @post("/v1/cases", sync_to_thread=True, body_limit=REGISTRATION_LIMIT)
    def open_case(data: JSONBody[RegistrationDocument]) -> Opened:
        """Open a case. Code, PIN and slip are shown this once."""
        return hub.cases.open(data)

    @post("/v1/cases/recovery", status_code=200, sync_to_thread=True)
    def recover(data: JSONBody[RecoveryRequest]) -> Opened:
        """Exchange the recovery slip for a new code, PIN and slip."""
        return hub.cases.recover(data.slip, data.proof, attempt=data.attempt)

    return [challenge, open_case, recover]


def _reading(hub: Hub) -> list[HTTPRouteHandler]:
    """Return what code and PIN allow without taking anything back."""

    @post("/v1/cases/receipt", status_code=200, sync_to_thread=True)
    def receipt(data: JSONBody[AccessRequest]) -> Receipt:
        """Read the receipt."""
        return hub.cases.receipt(data.access)

    @post("/v1/cases/items", status_code=200, sync_to_thread=True, body_limit=REGISTRATION_LIMIT)
    def add_items(data: JSONBody[AddItemsRequest]) -> Receipt:
        """Add items to the case."""
        return hub.cases.add_items(data.access, data.items)

    @post("/v1/cases/choices", status_code=200, sync_to_thread=True)
    def choose(data: JSONBody[ChoicesRequest]) -> Receipt:
        """Replace the reporter's choices."""
        return hub.cases.choose(data.access, data.choices)

    @post("/v1/cases/resumption", status_code=200, sync_to_thread=True)
    def resume(data: JSONBody[AccessRequest]) -> Receipt:
        """Let items count again that a restore of the hub suspended."""
        return hub.cases.resume(data.access)

    return [receipt, add_items, choose, resume]


def _withdrawing(hub: Hub) -> list[HTTPRouteHandler]:
    """Return withdrawal and its undoing."""

    @post("/v1/cases/withdrawal", status_code=200, sync_to_thread=True)
    def withdraw(data: JSONBody[WithdrawalRequest]) -> Receipt:
        """Withdraw the case, or one item of it. Matchers stop at once."""
        return hub.cases.withdraw(data.access, _item(data.item_id))

    @post("/v1/cases/withdrawal/undo", status_code=200, sync_to_thread=True)
    def undo(data: JSONBody[WithdrawalRequest]) -> Receipt:
        """Undo a withdrawal of the last days."""
        return hub.cases.undo(data.access, _item(data.item_id))

    return [withdraw, undo]


def _item(text: str | UnsetType) -> ItemId | None:
    return None if text is UNSET else ItemId(str(text))
