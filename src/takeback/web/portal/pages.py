"""The portal's pages: rendered here in the language that the address names, with no state.

Handlers of single pages are made with ``Pages.handler``; what a page needs to know besides
comes as facts. A page never repeats what was sent to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

import msgspec
from jinja2 import DictLoader, Environment, StrictUndefined
from litestar import MediaType, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from takeback import __version__
from takeback.cases.choices_text import KEYPOINTS_SENTENCE
from takeback.cases.wire import Language
from takeback.errors import NotFound
from takeback.settings import Settings
from takeback.web.compress import takes_gzip
from takeback.web.errors import on_http, on_refusal
from takeback.web.portal import policy
from takeback.web.portal.assets import Assets, ServedFile, load, served_file
from takeback.web.portal.language import LOCALE, Words, languages, named

TEMPLATES: Final = files("takeback.web.portal") / "templates"

PLAIN: Final = ("about", "threat-model")
"""Pages that need no facts but those that every page has."""

Facts = Callable[[Words], Mapping[str, object]]


def _no_facts(_words: Words) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders templates in every language of the portal."""

    settings: Settings
    demo: bool
    words: Mapping[str, Words]
    assets: Assets
    environments: Mapping[str, Environment]

    def show(self, template: str, language: Language | str, **facts: object) -> Response[str]:
        """Answer with a page.

        Args:
            template: name of the file under ``templates``.
            language: as the address names it.
            facts: what the template needs besides what every page has; ``page``, its address
                without the language, where that is not the template's name.

        Raises:
            NotFound: the portal does not speak the language.
            NotReady: a script that the page needs was not built.
        """
        words = named(self.words, language)
        page = template.removesuffix(".html").removeprefix("start")
        html = self.environments[words.code].get_template(template).render({"page": page, **facts})
        return Response(html, media_type=MediaType.HTML, headers=dict(policy.PAGE))

    def know(self, facts: Facts) -> None:
        """Tell every page of each language something more."""
        for words in self.words.values():
            self.environments[words.code].globals.update(facts(words))

    def handler(self, page: str, facts: Facts = _no_facts) -> HTTPRouteHandler:
        """Return the route ``/{language}/<page>``, which shows ``<page>.html`` with *facts*."""

        def show_page(language: FromPath[str]) -> Response[str]:
            return self.show(f"{page}.html", language, **facts(named(self.words, language)))

        return get(f"/{{language:str}}/{page}", **PAGE)(show_page)


PAGE: Final[Mapping[str, Any]] = {
    "media_type": MediaType.HTML,
    "sync_to_thread": True,
    "include_in_schema": False,
    "tolerant": True,
}
"""How a route of a page differs from one of the API: what a link drags along is ignored."""


def open_pages(settings: Settings, *, demo: bool, locale: Traversable = LOCALE) -> Pages:
    """Read words, templates and assets.

    Args:
        settings: of the hub; pages show its name.
        demo: whether every page is marked as a demonstration.
        locale: where the words of each language are.
    """
    words = languages(locale)
    assets = load_assets(words)
    shared = {
        "demo": demo,
        "hub_name": settings.hub_name,
        "keypoints": settings.offer_keypoints,
        "languages": words,
        "public_url": settings.public_url,
        "version": __version__,
        "served_at": assets.address,
        "style": assets.style,
        "script": assets.script,
    }
    texts = _templates()
    environments = {code: _environment(each, texts, shared) for code, each in words.items()}
    return Pages(settings, demo, words, assets, environments)


def load_assets(words: Mapping[str, Words]) -> Assets:
    """Return everything that pages in these languages load."""
    return load(more=[_manifest(each) for each in words.values()])


def routes(pages: Pages, extra: Sequence[HTTPRouteHandler] = ()) -> list[HTTPRouteHandler]:
    """Return the routes of the pages here, and *extra* ones made by others."""
    return [
        *_starting(pages),
        *_leaving(pages),
        *(pages.handler(page) for page in PLAIN),
        pages.handler("verify", lambda _words: {"files": pages.assets.all()}),
        *extra,
    ]


def _starting(pages: Pages) -> list[HTTPRouteHandler]:
    @get("/", **PAGE)
    def front() -> Response[str]:
        """Say what this is, in the hub's language."""
        return pages.show("start.html", pages.settings.portal_language)

    @get("/{language:str}", **PAGE)
    def start(language: FromPath[str]) -> Response[str]:
        """Say what this is."""
        return pages.show("start.html", language)

    return [front, start]


def lost(pages: Pages) -> Callable[[Request[Any, Any, Any], Any], Response[Any]]:
    """Return what answers for what is not there: with a page where the address names a language."""

    def nothing(request: Request[Any, Any, Any], error: NotFound | HTTPException) -> Response[Any]:
        language = request.scope["path"].split("/")[1]
        if language in pages.words and request.method == "GET":
            shown = pages.show("nothing.html", language, page="")
            shown.status_code = 404
            return shown
        return (
            on_refusal(request, error) if isinstance(error, NotFound) else on_http(request, error)
        )

    return nothing


def _leaving(pages: Pages) -> list[HTTPRouteHandler]:
    @get("/leave", **PAGE)
    def leave() -> Response[None]:
        """Go to a neutral page and forget this one."""
        away = {**policy.LEAVE, "location": pages.settings.exit_url}
        return Response(None, status_code=303, headers=away)

    @get("/assets/{name:str}", **PAGE)
    def serve_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        """Serve a file that pages load."""
        found = pages.assets.named(name)
        packed = takes_gzip(request.headers.get("accept-encoding", ""))
        headers = {"content-encoding": "gzip"} if packed else {}
        return Response(
            found.packed if packed else found.body,
            media_type=found.media_type,
            headers={**headers, "vary": "accept-encoding"},
        )

    return [leave, serve_file]


def _templates() -> DictLoader:
    """Read every template once: those of a running hub don't change under it."""
    root = Path(str(TEMPLATES))
    found = root.rglob("*.html")
    return DictLoader(
        {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in found}
    )


def _environment(words: Words, texts: DictLoader, shared: Mapping[str, object]) -> Environment:
    """Return what renders templates in one language."""
    environment = Environment(
        loader=texts,
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.translations.gettext, words.translations.ngettext, newstyle=True
    )

    def to(page: str = "", code: str = words.code) -> str:
        return f"/{code}/{page}".rstrip("/")

    environment.globals.update(shared, words=words, language=words.code, to=to)
    environment.globals["keypoints_sentence"] = KEYPOINTS_SENTENCE[words.for_case]
    return environment


def _manifest(words: Words) -> ServedFile:
    """Return what an installed page is called: as neutral as its title."""
    title = words.translations.gettext("Notes")
    body = {
        "name": title,
        "short_name": title,
        "lang": words.code,
        "dir": words.direction,
        "start_url": f"/{words.code}",
        "scope": "/",
        "display": "standalone",
        "icons": [
            {"src": "/assets/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            {"src": "/assets/icon.png", "sizes": "192x192", "type": "image/png"},
        ],
    }
    return served_file(
        f"notes-{words.code}.webmanifest", msgspec.json.format(msgspec.json.encode(body))
    )
