"""The receipt as a page: one address, one form, with JavaScript and without.

Every action is the same small form, typed with code and PIN, and answers the whole page; so
there is one set of sentences, and the page's script only keeps code and PIN in memory, solves
the proof of work and exchanges a part of the page. Who has no script gives no proof and waits
in a slower line; trials, effort and words are the same. There is nothing to forge a request
with: no cookie, no session, nothing but what is typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct

from takeback import problems
from takeback.app import Hub
from takeback.cases.codes import grouped
from takeback.cases.service import Cases
from takeback.cases.wire import Access, Choices, ItemDocument, Opened, Proof, Receipt
from takeback.errors import NotFound, TakebackError
from takeback.ids import ItemId
from takeback.web import errors
from takeback.web.form import FormRequest
from takeback.web.portal.journey import forms
from takeback.web.portal.language import named
from takeback.web.portal.marks import Mark, Marks
from takeback.web.portal.pages import Pages
from takeback.web.portal.receipt_view import arrange, day_in

FORM_LIMIT: Final = 2048
"""Bytes of the form: code, PIN and slip, and a few places typed in."""

Action = Literal["read", "withdraw", "undo", "choose", "resume", "add", "recover"]
Yes = Literal["", "yes"]


class ReceiptForm(Struct, frozen=True, forbid_unknown_fields=True):
    """What the form may hold. No field can hold a picture, and nothing of it comes back."""

    action: Action = "read"
    code: Annotated[str, Meta(max_length=200)] = ""
    pin: Annotated[str, Meta(max_length=20)] = ""
    slip: Annotated[str, Meta(max_length=80)] = ""
    item: Annotated[str, Meta(max_length=40)] = ""
    """One item's id; without it the whole case is meant."""
    keypoints: Yes = ""
    partners: Yes = ""
    lock: Yes = ""
    end_date: Annotated[str, Meta(max_length=10)] = ""
    locators: Annotated[str, Meta(max_length=1500)] = ""
    """One on each line."""
    attempt: Mark | None = None
    """Drawn with the page, for a recovery whose answer is lost on its way. Good for minutes,
    because a browser without JavaScript lets anyone send the form again."""
    challenge: Annotated[str, Meta(max_length=200)] = ""
    solution: Annotated[str, Meta(max_length=40)] = ""

    @property
    def proof(self) -> Proof | None:
        """The proof of work, where a script made one."""
        return Proof(self.challenge, self.solution) if self.challenge else None

    @property
    def access(self) -> Access:
        """Code and PIN."""
        return Access(self.code, self.pin, self.slip, self.proof or UNSET)

    @property
    def choices(self) -> Choices:
        """Her choices, all of them anew."""
        return Choices(
            partners=self.partners == "yes",
            keypoints=self.keypoints == "yes",
            lock=self.lock == "yes",
            end_date=self.end_date or UNSET,
        )

    @property
    def items(self) -> list[ItemDocument]:
        """The places typed in, as one item without signals."""
        lines = [line.strip() for line in self.locators.splitlines()]
        return [ItemDocument(locators=[line for line in lines if line])]


Act = Callable[[Cases, ReceiptForm, bool], Receipt | Opened]

ACTS: Final[Mapping[Action, Act]] = {
    "read": lambda cases, form, proven: cases.receipt(form.access, check_proof=proven),
    "withdraw": lambda cases, form, proven: cases.withdraw(
        form.access, _item(form), check_proof=proven
    ),
    "undo": lambda cases, form, proven: cases.undo(form.access, _item(form), check_proof=proven),
    "choose": lambda cases, form, proven: cases.choose(
        form.access, form.choices, check_proof=proven
    ),
    "resume": lambda cases, form, proven: cases.resume(form.access, check_proof=proven),
    "add": lambda cases, form, proven: cases.add_items(form.access, form.items, check_proof=proven),
    "recover": lambda cases, form, proven: cases.recover(
        form.slip, form.proof, attempt=form.attempt or UNSET, check_proof=proven
    ),
}
"""What each action of the form asks of the cases."""


def _item(form: ReceiptForm) -> ItemId | None:
    return ItemId(form.item) if form.item else None


_HIDDEN: Final[Mapping[str, Any]] = {"media_type": MediaType.HTML, "include_in_schema": False}


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """The page in each of its states."""

    hub: Hub
    pages: Pages
    marks: Marks

    def show(
        self,
        language: str,
        *,
        action: Action | None = None,
        answer: Receipt | Opened | None = None,
        refusal: str = "",
        slip_given: bool = False,
    ) -> Response[str]:
        """Show the form, or what an action answered; each form asks for the slip if it was given.

        Raises:
            NotFound: the portal does not speak the language.
        """
        words = named(self.pages.words, language)
        today = self.hub.now().date()
        settings = self.hub.settings
        return self.pages.show(
            "receipt.html",
            language,
            action=action,
            refusal=refusal,
            slip_given=slip_given,
            view=arrange(answer, today) if isinstance(answer, Receipt) else None,
            opened=answer if isinstance(answer, Opened) else None,
            attempt=self.marks.draw(),
            settings=settings,
            first_end_date=(today + timedelta(days=settings.undo_days)).isoformat(),
            day=partial(day_in, words),
            grouped=grouped,
            plural=partial(forms, words),
        )

    def act(self, language: str, form: ReceiptForm) -> Response[str]:
        """Do what the form asks; without a proof of work only in the slower line."""
        cases, proven = self.hub.cases, form.proof is not None
        if form.attempt is not None:
            self.marks.check(form.attempt)
        if not proven:
            cases.admit_unproven()
        answer = ACTS[form.action](cases, form, proven)
        slip_given = form.slip != ""
        return self.show(language, action=form.action, answer=answer, slip_given=slip_given)

    def refuse(self, language: str, error: Exception) -> Response[str]:
        """Show the form again, and above it the refusal in words."""
        response = self.show(language, refusal=_name(error))
        response.status_code = _status(error)
        response.headers.update(problems.headers_of(error))
        return response

    def on_failure(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        """Answer what went wrong on the way to an action, or in one that nobody foresaw."""
        if not isinstance(error, (TakebackError, HTTPException)):
            errors.on_surprise(request, error)
        language = request.path_params["language"]
        if language not in self.pages.words:
            return errors.on_refusal(request, NotFound("there is nothing at this address"))
        return self.refuse(language, error)


def _name(error: Exception) -> str:
    """Return what the page calls a refusal; each has a sentence there."""
    if isinstance(error, HTTPException):
        return _HTTP.get(error.status_code, "malformed-body")
    if isinstance(error, TakebackError):
        return problems.problem(error)["type"].removeprefix("urn:takeback:error:")
    return "failed"


_HTTP: Final = {408: "slow", 415: "file"}


def _status(error: Exception) -> int:
    return error.status_code if isinstance(error, HTTPException) else problems.status_of(error)


def routes(hub: Hub, pages: Pages) -> list[HTTPRouteHandler]:
    """Return the receipt's page: asked for, and answered."""
    page = ReceiptPage(hub, pages, Marks(hub.keys.derive("form-mark"), hub.now))

    @get("/{language:str}/receipt", sync_to_thread=False, tolerant=True, **_HIDDEN)
    def ask(language: FromPath[str]) -> Response[str]:
        """Ask for code and PIN."""
        return page.show(language)

    def on_failure(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return page.on_failure(request, error)

    @post(
        "/{language:str}/receipt",
        status_code=200,
        sync_to_thread=True,
        request_class=FormRequest,
        body_limit=FORM_LIMIT,
        exception_handlers=dict.fromkeys([*errors.HANDLERS, NotFound], on_failure),
        **_HIDDEN,
    )
    def answer(language: FromPath[str], data: JSONBody[ReceiptForm]) -> Response[str]:
        """Do what the form asks, and show what the case is then."""
        named(pages.words, language)
        return page.act(language, data)

    return [ask, answer]
