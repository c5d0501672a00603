"""Targets: where a browser's requests go, and the only I/O there is."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

import urllib3
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from corswsgi.origins import DEFAULT_PORTS

from .messages import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Send = Callable[[Request], Response]
"""Sends a request, and follows no redirect of its own."""

TIMEOUT = 30
"""In seconds, for a server to answer in."""


def send_to_application(application: WSGIApplication) -> Send:
    """Send requests to a WSGI application, whatever the host in their URL."""

    def send(request: Request) -> Response:
        url = urlsplit(request.url)
        target = f"{url.path}?{url.query}" if url.query else url.path
        builder = EnvironBuilder(
            base_url=f"{url.scheme}://{url.netloc}/",
            query_string=url.query,
            method=request.method,
            headers=Headers(request.headers),
            # Given as a stream, it is not looked into, nor encoded anew.
            input_stream=BytesIO(request.body or b""),
            content_length=None if request.body is None else len(request.body),
        )
        try:
            # What the builder would make of these is not what a server makes of them: methods in
            # upper case, paths that begin with two slashes or are no UTF-8, IPv6 addresses.
            environ = builder.get_environ() | {
                "REQUEST_METHOD": request.method,
                "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
                "REQUEST_URI": target,
                "RAW_URI": target,
                "SERVER_NAME": url.hostname,
                "SERVER_PORT": str(url.port or DEFAULT_PORTS[url.scheme]),
            }
            body, status, headers = run_wsgi_app(application, environ, buffered=True)
        finally:
            builder.close()
        # HTTP has no white space around values (RFC 9110, 5.5).
        lines = tuple((name, value.strip(" \t")) for name, value in headers.to_wsgi_list())
        return Response(int(status.split(" ")[0]), lines, b"".join(body))

    return send


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
