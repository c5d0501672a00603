"""The entries of MIDDLEWARE."""

from __future__ import annotations

from typing import Any

import pytest
from django.middleware.common import CommonMiddleware
from django.test import override_settings

from corswsgi_django.middleware import CORSMiddleware
from corswsgi_django.stack import has, is_a


class Mine(CORSMiddleware):
    """A subclass in a project."""


class MyCommon(CommonMiddleware):
    """A subclass in a project."""


def of_a_function(get_response: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("path", "is_common"),
    [
        ("django.middleware.common.CommonMiddleware", True),
        ("tests.django.test_stack.MyCommon", True),
        ("tests.django.test_stack.Mine", False),
        ("tests.django.test_stack.of_a_function", False),
        ("no.such.Middleware", False),
        ("no_path", False),
    ],
)
def test_middleware_is_recognized_by_its_classes(path: str, is_common: bool) -> None:
    common = "django.middleware.common.CommonMiddleware"
    assert is_a(path, common) is is_common
    with override_settings(MIDDLEWARE=["tests.django.test_stack.Mine", path]):
        assert has(common) is is_common
        assert has("corswsgi_django.middleware.CORSMiddleware")
