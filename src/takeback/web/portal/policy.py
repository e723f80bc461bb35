"""What a page of the portal may do in a browser, as headers: its own things, and nothing else.

Source: W3C, "Content Security Policy Level 3" and "Trusted Types"; W3C, "Clear Site Data".
"""

from collections.abc import Mapping
from typing import Final

TRUSTED_TYPES: Final = "takeback"
"""Name of the one policy that may make the address of a Worker; client/src/islands/trusted.ts."""

PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        f"trusted-types {TRUSTED_TYPES}",
    )
)
"""No inline script or style, no third party, no frame; a film that she picked is shown to nobody
but read through ``blob:`` by the page itself."""

PAGE: Final[Mapping[str, str]] = {"content-security-policy": PAGE_POLICY}
"""What a page has besides the headers of every answer."""

LEAVE: Final[Mapping[str, str]] = {"clear-site-data": '"cache", "storage"'}
"""What the way out has besides: the browser forgets what it kept of this site. Not ``"cookies"``:
there are none, and it would sign her, and any caseworker who follows a link to this address, out
of every site of the same domain."""
