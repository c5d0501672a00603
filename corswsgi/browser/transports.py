"""Transports, which send requests to a WSGI application or over HTTP: the only I/O of the model."""

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
"""Sends a request and returns the response, without following redirects."""

TIMEOUT = 30
"""In seconds: how long to wait for a server's response."""


def send_to_application(application: WSGIApplication) -> Send:
    """Return a transport that sends requests for all hosts to a WSGI application."""

    def send(request: Request) -> Response:
        status, headers, body = _run(application, _environ_of(request))
        # Servers strip this white space: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
        lines = tuple((name, value.strip(" \t")) for name, value in headers)
        return Response(int(status.split(" ")[0]), lines, body)

    return send


def _environ_of(request: Request) -> WSGIEnvironment:
    """Return the environ that a server would create for a request."""
    url = urlsplit(request.url)
    builder = EnvironBuilder(
        query_string=url.query,
        method=request.method,
        headers=Headers(request.headers),
        # EnvironBuilder would parse a form that is passed as `data`, and encode it again.
        input_stream=BytesIO(request.body or b""),
        content_length=None if request.body is None else len(request.body),
    )
    target = f"{url.path}?{url.query}" if url.query else url.path
    default = DEFAULT_PORTS[url.scheme]
    try:
        # EnvironBuilder changes methods to upper case, and it changes paths that start with two
        # slashes or are not UTF-8, and hosts that are IP addresses or have empty labels.
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
    """Call an application as a server does, and read the whole body (PEP 3333).

    Werkzeug's `run_wsgi_app` is not used, because it loses data that is written with ``write()``,
    and raises the exception that an application passes to ``start_response()`` together with an
    error page.
    """
    started: list[tuple[str, list[tuple[str, str]]]] = []
    sent: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None and any(sent):
            raise exc_info[1]
        if exc_info is None and started:
            raise RuntimeError("start_response() was called a second time without exc_info.")
        started[:] = [(status, list(headers))]
        return sent.append

    body = application(environ, start_response)
    try:
        for chunk in body:
            sent.append(chunk)  # noqa: PERF402 - start_response() reads `sent` meanwhile
    finally:
        if hasattr(body, "close"):
            body.close()
    if not started:
        raise RuntimeError("start_response() was not called.")
    return *started[0], b"".join(sent)


def send_over_http() -> Send:
    """Return a transport that sends requests over HTTP to the host in their URL."""
    pool = urllib3.PoolManager(retries=False)

    def send(request: Request) -> Response:
        headers = urllib3.HTTPHeaderDict()
        for name, value in request.headers:
            headers.add(name, value)
        # Unlike request(), urlopen() does not change the method to upper case.
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
