"""The pages that help: by country, in danger, under 18. They ask nothing and store nothing."""

from collections.abc import Mapping
from functools import partial

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from takeback.web.portal.front import Front
from takeback.web.portal.help.countries import ANYWHERE
from takeback.web.portal.help.entry import said
from takeback.web.portal.help.when import when
from takeback.web.portal.language import Words, named
from takeback.web.portal.pages import PAGE, Pages


def routes(pages: Pages, front: Front) -> list[HTTPRouteHandler]:
    """Return the routes of the pages that help."""
    return [
        pages.handler("help", partial(_help, front)),
        _country(pages, front),
        pages.handler("safety"),
        pages.handler("under-18", partial(_under_18, front)),
    ]


def _country(pages: Pages, front: Front) -> HTTPRouteHandler:
    @get("/{language:str}/help/{country:str}", **PAGE)
    def show_country(language: FromPath[str], country: FromPath[str]) -> Response[str]:
        """Say who helps in a country and what the law says there."""
        facts = {
            **_words(named(pages.words, language)),
            "page": f"help/{country}",
            "country": front.help.country(country),
            "anywhere": front.help.country(ANYWHERE),
        }
        return pages.show("country.html", language, **facts)

    return show_country


def _help(front: Front, words: Words) -> Mapping[str, object]:
    return {**_words(words), "countries": front.help.shown(words.code)}


def _under_18(front: Front, words: Words) -> Mapping[str, object]:
    return {
        **_words(words),
        "guardians": front.help.guardians(words.code),
        "countries": front.help.for_under_18(words.code),
    }


def _words(words: Words) -> Mapping[str, object]:
    """Return what says an entry's words and days in the page's language."""
    return {
        "said": partial(said, language=words.code),
        "when": partial(when, language=words.code),
    }
