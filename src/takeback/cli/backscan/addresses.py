"""Addresses on the command line hold no secrets.

Every user of the machine sees a command line, and Ray shows it to the whole cluster.
"""

from urllib.parse import SplitResult, urlsplit

from takeback.errors import UnreadableInput


def checked(address: str) -> str:
    """Return an address as it is.

    Raises:
        UnreadableInput: it holds a password, or what may be a signature.
    """
    try:
        secret = any(map(_has_secret, map(urlsplit, address.split("::"))))
    except ValueError:
        raise UnreadableInput("that is no address") from None
    if secret:
        refused = UnreadableInput("an address may hold no password and no query: others see it")
        refused.hint = "Have the store's package take credentials from the environment."
        raise refused
    return address


def _has_secret(url: SplitResult) -> bool:
    """Tell whether an address has a query or a password; on the web also a name may be a token."""
    if not (url.scheme and url.netloc):
        return False
    named = url.scheme in {"http", "https"} and url.username is not None
    return bool(url.query) or url.password is not None or named
