"""A migration: the configuration of another library, and the one of corswsgi for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .comparison import Application, Route


class Snippet(NamedTuple):
    """Python source to paste."""

    source: str
    title: str = ""
    """Where it belongs."""


@dataclass(frozen=True)
class Migration:
    """The configuration to paste, and both configurations, ready to be compared."""

    library: str
    version: str
    place: str
    """The application, for the title."""
    snippets: Sequence[Snippet]
    remarks: Sequence[str]
    imports: Sequence[str]
    old: Application
    """The old library, in front of the application's routes with views that do nothing."""
    new: Application
    """The same routes with the configuration of the snippets, which are run for it."""
    routes: Sequence[Route]
    headers: Sequence[str] = ()
    """The request headers that the old configuration names."""
