"""No URLs: each test brings its own."""

from typing import Any

urlpatterns: list[Any] = []
