"""What middleware does, according to its code."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from corswsgi.adapters import class_names, may_answer, sets_header

# It is only read, never run.
SOURCE = """
from __future__ import annotations

import functools
from typing import Any

PermissionDenied = PermissionError


class Base:
    get_response: Any
    reject: Any

    def add(self, request: Any, response: Any) -> Any:
        response["X-Id"] = request
        return response

    def replace(self, response: Any) -> Any:
        return [response]

    def recurse(self, response: Any) -> Any:
        return self.recurse(response)


def module_add(response: Any) -> Any:
    return response


def module_replace(response: Any) -> Any:
    return [response]


def wrapped(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*arguments: Any) -> Any:
        raise NotImplementedError

    return wrapper


class Simple(Base):
    def __call__(self, request: Any) -> Any:
        return self.get_response(request)


class Variable(Base):
    def __call__(self, request: Any) -> Any:
        response = None
        for _ in request:
            response = response or self.get_response(request)
        response["X-Id"] = "1"
        return response


class Async(Base):
    def __call__(self, request: Any) -> Any:
        return self.__acall__(request)

    async def __acall__(self, request: Any) -> Any:
        if (response := await self.get_response(request)) is None:
            return None
        final: Any = response if request else self.add(request, response)
        return final


class Hooks(Base):
    def __call__(self, request: Any) -> Any:
        self.process_request(request)
        return self.process_response(request, self.get_response(request))

    def process_request(self, request: Any) -> None:
        def callback() -> str:
            raise NotImplementedError

        class Local:
            def method(self) -> str:
                raise NotImplementedError

        request.callback = callback, Local, lambda: 1

    def process_response(self, request: Any, response: Any) -> Any:
        if not request:
            return module_add(response=response)
        return self.reject(request, response)


class Recursive(Base):
    def __call__(self, request: Any) -> Any:
        response = self.get_response(request)
        return self.recurse(response)


class Inheriting(Simple):
    pass


class Loop(Base):
    def __call__(self, request: Any) -> Any:
        first = self.get_response(request)
        second = first
        first = second
        return first

    raises = 1


class NoFunction(Base):
    __call__ = None


class InView(Base):
    def process_view(self, request: Any) -> Any:
        raise NotImplementedError


def factory(get_response: Any) -> Any:
    def helper() -> Any:
        return "text"

    async def asynchronous(request: Any) -> Any:
        return await get_response(request)

    @wrapped
    def middleware(request: Any) -> Any:
        helper()
        response = get_response(request)
        return response

    return asynchronous or middleware


def other_name(following: Any) -> Any:
    return lambda request: following(request)


class Early(Base):
    def __call__(self, request: Any) -> Any:
        if request:
            return [request]
        return self.get_response(request)


class Conditional(Base):
    def __call__(self, request: Any) -> Any:
        response = self.get_response(request)
        if request:
            response = self.replace(response)
        return response


class FromModule(Base):
    def process_response(self, request: Any, response: Any) -> Any:
        return module_replace(response)


class FromHelper(Base):
    def __call__(self, request: Any) -> Any:
        return self.reject(request)


class Raising(Base):
    def process_request(self, request: Any) -> None:
        raise PermissionDenied("no")


class RaisingClass(Base):
    def process_request(self, request: Any) -> None:
        raise PermissionDenied


class Calling(Early):
    def __call__(self, request: Any) -> Any:
        return super().__call__(request)


class Chained(Base):
    def __call__(self, request: Any) -> Any:
        third = None
        first = self.get_response(request)
        second = first
        first = [third]
        return second


class Attribute(Base):
    def __call__(self, request: Any) -> Any:
        return request.response


class Tuple(Base):
    def __call__(self, request: Any) -> Any:
        response, _ = self.get_response(request), 1
        return response


def rejecting(get_response: Any) -> Any:
    @wrapped
    def middleware(request: Any) -> Any:
        return get_response(request) if request else []

    return middleware


def other_name_rejecting(following: Any) -> Any:
    def middleware(request: Any) -> Any:
        return following(request) or []

    return middleware


class OtherAttribute:
    def __init__(self, following: Any) -> None:
        self.following = following
        self.other = None

    def __call__(this, request: Any) -> Any:
        return this.following(request)


class InheritingAttribute(OtherAttribute):
    def __init__(self, following: Any) -> None:
        super().__init__(following)


class FromMethod(Base):
    def __call__(this, request: Any) -> Any:
        response = this._inner(request)
        return response

    def _inner(this, request: Any) -> Any:
        return this.get_response(request)


class Guarding(Base):
    def __call__(self, request: Any) -> Any:
        return self.guard(request) or self.get_response(request)

    @staticmethod
    def guard(request: Any) -> Any:
        return None


class StaticHelper(Base):
    def __call__(self, request: Any) -> Any:
        response = self.get_response(request)
        return self.change(response)

    def process_response(self, request: Any, response: Any) -> Any:
        return self.change(response)

    @staticmethod
    def change(response: Any) -> Any:
        return response


class StaticHook:
    process_response = staticmethod(lambda request, response: response)


class RejectingStaticHook:
    process_request = staticmethod(lambda request: "no")


class PartialHook:
    def handle(self, extra: Any, request: Any) -> Any:
        return "no"

    process_request = functools.partialmethod(handle, 1)


class CachedHook:
    @functools.lru_cache
    def process_request(self, request: Any) -> Any:
        return "no"


class OtherHook:
    process_request = len


class Other:
    def __call__(self, request: Any) -> Any:
        return self.send(request)


class MadeOf(Base):
    def __call__(self, request: Any) -> Any:
        return unknown_function(request)


class Factory:
    def __call__(self, get_response: Any) -> Any:
        def middleware(request: Any) -> Any:
            return get_response(request)

        return middleware


class RejectingFactory:
    def __call__(self, get_response: Any) -> Any:
        def middleware(request: Any) -> Any:
            return "no"

        return middleware


def with_options(options: Any, get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        return get_response(request)

    return functools.wraps(get_response)(middleware)


def never_calling(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        return "no"

    return middleware


def of_a_class(get_response: Any) -> Any:
    class Inner:
        def __call__(self, request: Any) -> Any:
            return "no"

    return Inner()


def passing_to_a_class(get_response: Any) -> Any:
    return Simple(get_response)


def passing_to_a_rejecting_class(get_response: Any) -> Any:
    return Early(get_response)


def calling_itself(get_response: Any) -> Any:
    return calling_itself(get_response)


def nothing(get_response: Any) -> Any:
    if not get_response:
        return get_response
    raise NotImplementedError


factory_instance, rejecting_instance = Factory(), RejectingFactory()
bound_method = Factory().__call__
partial_factory = functools.partial(with_options, 1)
partial_rejecting = functools.partial(functools.partial(never_calling))
cached_factory = functools.lru_cache(factory)
cached_rejecting = functools.lru_cache(never_calling)
lambda_factory = lambda get_response: lambda request: get_response(request)
lambda_identity = lambda get_response: get_response
lambda_rejecting = lambda get_response: lambda request: "no"
ambiguous, _ = lambda get_response: get_response, lambda get_response: None
builtin = len
ACCESS_CONTROL_ALLOW_ORIGIN = "..."


class ByText(Base):
    def add_headers(self, response: Any) -> None:
        response["access-control-allow-origin"] = "*"


class ByVariable(Base):
    def add_headers(self, response: Any) -> None:
        response[ACCESS_CONTROL_ALLOW_ORIGIN] = "*"


class ByMapping(Base):
    def add_headers(self, response: Any) -> Any:
        return response(headers={"Access-Control-Allow-Origin": "*", "X-A": "b"})


def by_function(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        response = get_response(request)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return middleware


class Documented(Base):
    '''Sets Access-Control-Allow-Origin.'''

    def add_headers(self, response: Any) -> None:
        '''Set Access-Control-Allow-Origin.'''
        response["Access-Control-Request-Method"] = "text about Access-Control-Allow-Origin"


class InheritingText(ByText):
    pass


exec("class Unknown:\\n    def __call__(self, request): pass")
exec("def unknown(get_response): pass")
wrapped_factory = wrapped(factory)
wrapped_rejecting = wrapped(rejecting)
"""
HEADER = "Access-Control-Allow-Origin"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("answers") / "samples_of_middleware.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location(path.stem, Path(path))
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize(
    "name",
    [
        *("Simple", "Variable", "Async", "Hooks", "Recursive", "Inheriting", "Loop"),
        *("NoFunction", "InView", "factory", "other_name", "wrapped_factory", "OtherAttribute"),
        *("InheritingAttribute", "FromMethod", "Guarding", "StaticHook", "factory_instance"),
        *("bound_method", "partial_factory", "cached_factory", "lambda_factory", "nothing"),
        *("lambda_identity", "passing_to_a_class", "StaticHelper"),
    ],
)
def test_middleware_that_only_passes_responses_on(module: Any, name: str) -> None:
    assert not may_answer(getattr(module, name))


@pytest.mark.parametrize(
    "name",
    [
        *("Early", "Conditional", "FromModule", "FromHelper", "Raising", "RaisingClass"),
        *("Calling", "Chained", "Attribute", "Tuple", "rejecting", "other_name_rejecting"),
        *("wrapped_rejecting", "Unknown", "unknown", "RejectingStaticHook", "PartialHook"),
        *("CachedHook", "Other", "MadeOf", "never_calling", "of_a_class", "rejecting_instance"),
        *("passing_to_a_rejecting_class", "calling_itself", "partial_rejecting"),
        *("cached_rejecting", "lambda_rejecting", "ambiguous"),
    ],
)
def test_middleware_that_may_answer(module: Any, name: str) -> None:
    assert may_answer(getattr(module, name))
    assert not may_answer(getattr(module, name), [module.__name__])


class Lazy:
    def __getattribute__(self, name: str) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("middleware", "may"),
    [(None, False), (object(), False), (Lazy(), False), (print, True)],
    ids=["none", "object", "lazy", "builtin"],
)
def test_other_objects(middleware: object, may: bool) -> None:
    assert may_answer(middleware) == may
    assert not sets_header(middleware, HEADER)
    assert class_names(middleware) == []


@pytest.mark.parametrize("name", ["OtherHook", "builtin"])
def test_hooks_without_source_code_may_answer(module: Any, name: str) -> None:
    assert may_answer(getattr(module, name))


@pytest.mark.parametrize("lines", [[""], ["def ("]])
def test_source_code_that_has_changed(
    module: Any, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspect.findsource", lambda function: (lines, 0))
    assert may_answer(module.Simple)


@pytest.mark.parametrize("name", ["ByText", "ByVariable", "ByMapping", "by_function"])
def test_middleware_that_sets_a_header(module: Any, name: str) -> None:
    assert sets_header(getattr(module, name), HEADER)


@pytest.mark.parametrize("name", ["Documented", "InheritingText", "factory", "Simple"])
def test_middleware_that_sets_no_such_header(module: Any, name: str) -> None:
    assert not sets_header(getattr(module, name), HEADER)
