"""Calls that type checkers must accept, and calls that they must reject.

This file is checked, not run. A call that must be rejected has one comment for mypy and one for
pyright. Both report comments that they do not need, so a call that is accepted fails the check.
"""

from __future__ import annotations

import re
from datetime import timedelta

from _typeshed.wsgi import StartResponse, WSGIEnvironment
from django.http import HttpRequest, HttpResponse
from flask import Blueprint, Flask

from corswsgi import (
    CORSMiddleware,
    CORSRequest,
    Decision,
    Policy,
    PolicyError,
    PolicyOptions,
    decide,
)
from corswsgi_django import cors as django_cors
from corswsgi_flask import CORS, cors, current_cors

app = Flask(__name__)
blueprint = Blueprint("api", __name__)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [])
    return []


def is_tenant(origin: str) -> bool:
    return origin.endswith(".example.org")


def policy_for(environ: WSGIEnvironment) -> Policy | None:
    return policy if environ["PATH_INFO"] else None


# Policy

policy = Policy(
    origins=["https://app.example.com", re.compile(r"https://pr-[0-9]+\.example\.com"), is_tenant],
    methods=["GET", "PUT"],
    allow_headers="*",
    expose_headers=("X-Total",),
    supports_credentials=True,
    max_age=timedelta(hours=1),
    dangerously_allow={"public_suffixes"},
)
public: Policy = Policy(origins="*", max_age=None).replace(max_age=60)
options: PolicyOptions = {"origins": "*", "max_age": 60}
Policy(**options)
public.replace(**options)
CORS(app, **options)
origins: tuple[object, ...] = policy.origins
max_age: int | None = policy.max_age
problems: list[str] = [problem.reason for problem in PolicyError([]).problems]

Policy(orgins="*")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
Policy(origins=80)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
Policy(origins="*", supports_credential=True)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
Policy(origins="*", max_age="1h")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
policy.replace(orgins="*")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
policy.replace(methods=[1])  # type: ignore[list-item] # pyright: ignore[reportArgumentType]
policy.max_age = 60  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]

# Decision

decision: Decision = decide(policy, CORSRequest("GET", "https://app.example.com"))
headers: list[tuple[str, str]] = decision.apply([("Vary", "Accept")])
if decision.reason == "origin_not_allowed":
    status: int | None = decision.status

decide(policy, "https://app.example.com")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

# WSGI

middleware = CORSMiddleware(application, policy, resources={"/public/*": public, "/admin/*": None})
middleware.reconfigure(policy_for)
CORSMiddleware(CORSMiddleware(application, policy_for, debug=lambda: True), None, debug=True)

CORSMiddleware(application, origins="*")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
CORSMiddleware(application, "*")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
CORSMiddleware(application, policy, resource={})  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]

# Flask

CORS(app)
CORS(app, policy)
CORS(app, policy_for)
CORS().init_app(app, policy_for)
CORS(app, None, resources={"/api/*": {"max_age": 5}, "/public/*": public, "/admin/*": None})
CORS(app, origins=["https://app.example.com"], resources="/api/*", supports_credentials=True)
CORS(blueprint, origins="*")
CORS().init_app(app, origins="*", max_age=60)


@app.get("/items")
@cors
def items() -> str:
    seen: Decision = current_cors
    return seen.reason


@app.get("/items/<int:number>")
@cors(expose_headers=["X-Total"], supports_credentials=False)
def item(number: int) -> str:
    return str(number)


text: str = item(1) + items()

CORS(app, application)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
CORS(app, orgins="*")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
CORS(app, supports_credentials="yes")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
CORS(application)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
CORS().init_app(app, orgins="*")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
cors(supports_credential=True)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
cors("https://app.example.com")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
item("1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

# Django


@django_cors(origins="*", max_age=60)
def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)


@django_cors(None)
async def async_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.path)


response: HttpResponse = view(HttpRequest())

django_cors(supports_credential=True)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
django_cors(orgins="*")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
view()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
