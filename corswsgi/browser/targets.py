"""Targets: where a browser's requests go, and the only I/O there is."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import urllib3
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from corswsgi.origins import DEFAULT_PORTS

from .messages import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Send = Callable[[Request], Response]
"""Sends a request, and follows no redirect of its own."""

TIMEOUT = 30
"""In seconds, for a server to answer in."""


def send_to_application(application: WSGIApplication) -> Send:
    """Send requests to a WSGI application, whatever the host in their URL."""

    def send(request: Request) -> Response:
        status, headers, body = _run(application, _environ_of(request))
        # HTTP has no white space around values (RFC 9110, 5.5).
        lines = tuple((name, value.strip(" \t")) for name, value in headers)
        return Response(int(status.split(" ")[0]), lines, body)

    return send


def _environ_of(request: Request) -> WSGIEnvironment:
    """Make the environ that a server makes of a request."""
    url = urlsplit(request.url)
    builder = EnvironBuilder(
        query_string=url.query,
        method=request.method,
        headers=Headers(request.headers),
        # Given as a stream, it is not looked into, nor encoded anew.
        input_stream=BytesIO(request.body or b""),
        content_length=None if request.body is None else len(request.body),
    )
    target = f"{url.path}?{url.query}" if url.query else url.path
    default = DEFAULT_PORTS[url.scheme]
    try:
        # The builder would write methods in upper case, paths in another way where they begin with
        # two slashes or are no UTF-8, and hosts where they are addresses or have empty labels.
        return builder.get_environ() | {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
            "REQUEST_URI": target,
            "RAW_URI": target,
            "HTTP_HOST": url.netloc,
            "SERVER_NAME": url.hostname,
            "SERVER_PORT": str(default if url.port is None else url.port),
            "wsgi.url_scheme": url.scheme,
        }
    finally:
        builder.close()


def _run(
    application: WSGIApplication, environ: WSGIEnvironment
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call an application as a server does, and read all of its body (PEP 3333).

    Werkzeug's `run_wsgi_app` forgets what was written with ``write()``, and raises what an
    application that replaces its response says of it.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []
    sent: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None and any(sent):
            raise exc_info[1]
        if exc_info is None and started:
            raise RuntimeError("the application has called start_response() twice.")
        started[:] = [(status, list(headers))]
        return sent.append

    body = application(environ, start_response)
    try:
        for chunk in body:
            sent.append(chunk)  # noqa: PERF402 - start_response() looks at what there is so far
    finally:
        if hasattr(body, "close"):
            body.close()
    if not started:
        raise RuntimeError("the application has not called start_response().")
    return *started[0], b"".join(sent)


def send_over_http() -> Send:
    """Send requests over HTTP, to where their URL says."""
    pool = urllib3.PoolManager(retries=False)

    def send(request: Request) -> Response:
        headers = urllib3.HTTPHeaderDict()
        for name, value in request.headers:
            headers.add(name, value)
        # urlopen() and not request(), which would write the method in upper case.
        answer = pool.urlopen(
            request.method,
            request.url,
            redirect=False,
            body=request.body,
            headers=headers,
            timeout=TIMEOUT,
        )
        return Response(answer.status, tuple(answer.headers.iteritems()), answer.data)

    return send
