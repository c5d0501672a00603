"""MethodRouter: matches one URL with several methods, and follows redirects."""

from __future__ import annotations

from typing import Generic, TypeVar

from corswsgi.paths import as_wsgi
from corswsgi.validation import DEFAULT_METHODS

RuleT = TypeVar("RuleT")

# Redirects to redirects are followed, loops are not.
_MAX_STEPS = 6


class MethodRouter(Generic[RuleT]):
    """Finds the rule for a URL and a method; each path is matched once for methods that are alike.

    A subclass matches with `match`, and says with `are_alike` which methods lead to the same rules.
    A match is a rule, the path of a redirect's target, the methods that the URL takes instead, or
    None.
    """

    def __init__(self, path: str) -> None:
        """Take the path of the URL, encoded as in WSGI's PATH_INFO."""
        self._path = path
        self._steps: dict[str | None, dict[str, RuleT | str | frozenset[str] | None]] = {}

    def find(self, method: str) -> tuple[RuleT | None, str]:
        """Return the rule for a request with `method`, or None, and the path that was matched.

        The path is encoded as in WSGI. After a redirect, it is the redirect's target.
        """
        path, target = self._path, None
        for _ in range(_MAX_STEPS):
            step = self._step(target, method)
            if isinstance(step, str):
                target, path = step, as_wsgi(step)
            elif isinstance(step, frozenset):
                # The view of another method.
                method = [*filter(step.__contains__, DEFAULT_METHODS), *sorted(step)][0]
            elif step is None:
                break
            else:
                return step, path
        return None, path

    def match(self, path: str | None, method: str) -> RuleT | str | frozenset[str] | None:
        """Match the target of a redirect, or the URL itself if `path` is None."""
        raise NotImplementedError

    def are_alike(
        self, path: str | None, one: str, other: str, step: RuleT | str | frozenset[str] | None
    ) -> bool:
        """Return whether the same rules for a path take two methods. `step` is that of `other`."""
        raise NotImplementedError

    def _step(self, path: str | None, method: str) -> RuleT | str | frozenset[str] | None:
        steps = self._steps.setdefault(path, {})
        # Frameworks ignore the case of methods.
        name = method.upper() or "GET"
        if name not in steps:
            alike = (each for each in steps if self.are_alike(path, name, each, steps[each]))
            known = next(alike, None)
            steps[name] = self.match(path, name) if known is None else steps[known]
        return steps[name]
