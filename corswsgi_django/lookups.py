"""Look-ups of origins: callables, coroutine functions, and receivers of the signal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpRequest
from django.utils.asyncio import async_unsafe

from corswsgi.adapters import combined_truth, is_async

from .signals import check_request_enabled

ANSWER = "corswsgi_django.check_request_enabled"
"""The key of request.META for the answer of the receivers, which are asked once."""

_RECEIVER = "the receiver {} of check_request_enabled"


class CoroutineOrigins:
    """A coroutine function among a policy's origins, which can be called like a plain one."""

    def __init__(self, function: Callable[[str], Awaitable[bool]]) -> None:
        self.__wrapped__ = function

    def __call__(self, origin: str) -> bool:
        """Run the coroutine function where nothing can be awaited."""
        return async_to_sync(self._run)(origin)

    async def _run(self, origin: str) -> bool:
        return await self.__wrapped__(origin)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


class Receivers:
    """The receivers of the signal as a look-up. It is false if there are none."""

    def __bool__(self) -> bool:
        return bool(check_request_enabled.receivers)

    def __repr__(self) -> str:
        return "the receivers of check_request_enabled"


def as_origin_callable(function: object) -> object:
    """Return an item of origins as policies accept it; it may be a coroutine function."""
    return CoroutineOrigins(function) if is_async(function) else function  # type: ignore[arg-type] # is_async() is not a type guard


# In coroutines, callables would block the event loop, or fail.
@async_unsafe(
    "cors_decision() has to run callables or receivers, and was called in a coroutine: write "
    "`await acors_decision(request)`. (A view with @cors that a coroutine calls must be a "
    "coroutine function.)"
)
def ask(request: HttpRequest, look_up: Any) -> object:
    """Ask a look-up about the origin of a request. An exception is returned."""
    meta = request.META
    if isinstance(look_up, Receivers):
        if ANSWER not in meta:
            # send() would leave out the receivers after one that raises.
            answers = check_request_enabled.send_robust(sender=None, request=request)
            meta[ANSWER] = combined_truth(_RECEIVER, answers)
        return meta[ANSWER]
    try:
        return look_up(meta["HTTP_ORIGIN"])
    except Exception as error:
        return error


async def aask(request: HttpRequest, look_up: Any) -> object:
    """Ask a look-up about the origin of a request, in a coroutine. An exception is returned."""
    meta = request.META
    if isinstance(look_up, Receivers):
        if ANSWER not in meta:
            answers = await check_request_enabled.asend_robust(sender=None, request=request)
            meta[ANSWER] = combined_truth(_RECEIVER, answers)
        return meta[ANSWER]
    try:
        if isinstance(look_up, CoroutineOrigins):
            return await look_up.__wrapped__(meta["HTTP_ORIGIN"])
        # A plain function may read the database, so it runs in Django's thread for that.
        return await sync_to_async(look_up, thread_sensitive=True)(meta["HTTP_ORIGIN"])
    except Exception as error:
        return error
