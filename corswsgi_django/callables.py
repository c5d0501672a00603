"""Callables that decide about origins: synchronous and asynchronous, from both sides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import async_to_sync, sync_to_async

from corswsgi import Policy
from corswsgi.options import is_async
from corswsgi.origins import checked_answer, parse_origin


class AsyncOrigins:
    """A coroutine function among a policy's origins, which asks it as it asks any callable."""

    def __init__(self, ask: Callable[[str], Awaitable[bool]]) -> None:
        self.ask = ask

    def __call__(self, origin: str) -> bool:
        """Ask from where nothing can be awaited."""

        async def answer() -> bool:
            return await self.ask(origin)

        return async_to_sync(answer)()

    def __repr__(self) -> str:
        return repr(self.ask)


def as_origin_callable(ask: object) -> object:
    """Return what a policy takes for an item of origins, which may be a coroutine function."""
    return AsyncOrigins(ask) if is_async(ask) else ask  # type: ignore[arg-type] # is_async is no guard


def has_to_be_asked(policy: Policy, origin: str) -> bool:
    """Tell whether it takes the callables that a policy has to decide about an origin."""
    origins = policy.origin_set
    return not origins.matches(origin) and parse_origin(origin) is not None


async def ask(policy: Policy, origin: str) -> bool | None:
    """Ask a policy's callables as `corswsgi.origins.OriginSet.ask` does, where one can await.

    Synchronous ones may read a database, so that they run in the thread that Django keeps for
    what is synchronous.
    """
    answer: bool | None = False
    for each in policy.origin_set.callables:
        given: object
        try:
            if isinstance(each, AsyncOrigins):
                given = await each.ask(origin)
            else:
                given = await sync_to_async(each, thread_sensitive=True)(origin)
        except Exception as error:
            given = error
        one = checked_answer(each, origin, given)
        if one:
            return True
        answer = None if one is None else answer
    return answer
