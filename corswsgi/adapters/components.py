"""WSGI components: where to put the middleware, and responses that do not pass through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from corswsgi.decision import Header

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def entrance(owner: object, attribute: str, debugger: type) -> tuple[object, str]:
    """Return the object and the attribute that hold the WSGI application to wrap.

    That is the `attribute` of `owner`, unless it contains a `debugger`: the middleware must not be
    in front of one, because the debugger's answers contain the secret of its console.
    """
    found = owner, attribute
    component: object = getattr(owner, attribute)
    while component is not None:
        found = (component, "app") if isinstance(component, debugger) else found
        component = getattr(component, "app", None)
    return found


def pass_through(
    wrap: Callable[[WSGIApplication], WSGIApplication],
    environ: WSGIEnvironment,
    status: str,
    headers: list[Header],
) -> tuple[str, list[Header], Iterable[bytes] | None]:
    """Return a response as it is behind the middleware that `wrap` puts in front of it.

    The body is None if it is unchanged.
    """
    started = [(status, headers)]
    unchanged: list[bytes] = []

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, headers)
        return unchanged

    def start(status: str, headers: list[Header], _exc_info: Any = None) -> Any:
        started.append((status, headers))

    body = wrap(app)(environ, start)
    return *started[-1], None if body is unchanged else body
