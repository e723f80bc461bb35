"""Who is calling: a platform's key, from the header its interface uses.

A missing, unknown, rotated or revoked key, and two keys of different platforms, give the
same answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from takeback.accounts.model import Platform, Scope
from takeback.accounts.service import Platforms
from takeback.errors import NotSignedIn

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]
SignIn = Callable[[Platforms, Mapping[str, str]], Platform]
Caller = NamedDependency[SkipValidation[Platform]]
"""The platform that signed in, as a handler's argument."""

REFUSED = "a valid key is needed"
MAX_KEY = 200


def guard(platforms: Platforms, sign_in: SignIn) -> Guard:
    """Return a guard that signs the caller in before anything of the body is read."""

    async def signed_in(connection: Connection, _handler: BaseRouteHandler) -> None:
        platform = await to_thread.run_sync(sign_in, platforms, connection.headers)
        connection.scope["state"]["platform"] = platform

    return signed_in


async def caller(request: Request[Any, Any, Any]) -> Platform:
    """Return the platform that the guard signed in."""
    platform: Platform = request.scope["state"]["platform"]
    return platform


def by_bearer(platforms: Platforms, headers: Mapping[str, str]) -> Platform:
    """Sign in with ``Authorization: Bearer <key>``.

    Raises:
        NotSignedIn: no key, or none that is valid now.
    """
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn(REFUSED)
    return _platform(platforms, key.strip(), "partner")


def by_stopncii_keys(scope: Scope) -> SignIn:
    """Return the sign-in of StopNCII's clients, who send two keys.

    Args:
        scope: what the key in ``x-functions-key`` must be for.
    """

    def sign_in(platforms: Platforms, headers: Mapping[str, str]) -> Platform:
        by_function = _platform(platforms, headers.get("x-functions-key", ""), scope)
        subscription = headers.get("ocp-apim-subscription-key", "")
        if by_function.id != _platform(platforms, subscription, "stopncii_subscription").id:
            raise NotSignedIn(REFUSED)
        return by_function

    return sign_in


def _platform(platforms: Platforms, key: str, scope: Scope) -> Platform:
    """Return the platform of *key*; every refusal has the same words."""
    if not key or len(key) > MAX_KEY or not key.isascii():
        raise NotSignedIn(REFUSED)
    try:
        return platforms.authenticate(key, scope)
    except NotSignedIn:
        raise NotSignedIn(REFUSED) from None
