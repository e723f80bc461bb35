"""The long poll: the next page of the feed, now or as soon as there is one."""

import asyncio
from collections.abc import Callable

from anyio import to_thread

from takeback.exchange.wire import FeedPage
from takeback.web.bell import Bell


async def next_page(read: Callable[[], FeedPage], bell: Bell, seconds: float) -> FeedPage:
    """Return the first page that *read* finds news in, or its last one after *seconds*.

    Args:
        read: reads a page in a short transaction of its own; called in a thread, and again
            whenever the bank has changed.
        bell: says when the bank has changed.
        seconds: how long to wait for news; 0 answers at once.
    """
    until = asyncio.get_running_loop().time() + seconds
    while True:
        seen = bell.seq
        page = await to_thread.run_sync(read)
        left = until - asyncio.get_running_loop().time()
        if _is_news(page) or left <= 0 or bell.closed:
            return page
        await bell.past(seen, left)


def _is_news(page: FeedPage) -> bool:
    return bool(page.entries or page.withdrawals or page.more)
