"""Which policy governs a path and a view: the settings and the marks of views, compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from corswsgi import Policy
from corswsgi.errors import refuse
from corswsgi.fetch import FORBIDDEN_METHODS
from corswsgi.layers import Layer, combined
from corswsgi.options import ANY
from corswsgi.origins import NOBODY
from corswsgi.policy import DEFAULT_METHODS
from corswsgi.resources import Resources, as_wsgi
from corswsgi.rules import Rules

from .marks import Marks, ViewMarks
from .settings import OPTION_SETTINGS, RESOURCES, read_settings

T = TypeVar("T")

# Views that are made for single requests, and their marks, shall not fill the memory.
_MAX_KEPT = 4096


class Governor(NamedTuple):
    """What governs a request."""

    policy: Policy | None
    rules: Rules | None = None
    """The policy, compiled: what decides, without looking for it."""
    has_callables: bool = False
    """Whether the policy may have to ask about an origin."""
    asks_signal: bool = False
    """Whether receivers of check_request_enabled may allow what the policy does not."""
    needs_signal: bool = False
    """Whether it governs only what they allow."""
    names: Mapping[str, str] = OPTION_SETTINGS
    """Where each option is written, for people."""


class Bounded(Generic[T]):
    """What has been made, by identities; it starts over when it is full."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], tuple[object, T]] = {}

    def get(self, key: tuple[object, ...], owner: object, make: Callable[[], T]) -> T:
        """Return what is there or, at first, what `make` returns.

        `owner` is kept with it, lest the identities in `key` become those of something else.
        """
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept = {}
            kept = self._kept[key] = owner, make()
        return kept[1]


class _Place(NamedTuple):
    """What is said about a path, and what it comes to where no view says more."""

    layers: tuple[Layer, ...]
    path: str | None
    """The pattern in CORS_RESOURCES, which the second layer is about."""
    governor: Governor


class Policies:
    """The settings, and what views say over them. Raises `PolicyError` with all that is wrong.

    What is kept of views is kept in bounded caches, which any thread may fill, and start over.
    """

    everywhere: Governor | None
    """What governs all views without marks, if that is the same for all paths."""
    patterns: Resources[str | None]
    """The path patterns of CORS_RESOURCES."""

    def __init__(self, settings: object) -> None:
        read = read_settings(settings)
        refuse(read.problems)
        self._urls = read.urls
        # A Policy, and not its options: its origins are parsed once, whatever is laid over them.
        self._outer = Policy(**read.options)
        self._everywhere = self._place((), None)
        # Outside of CORS_URLS_REGEX, only receivers of the signal allow anything.
        nobody = self._outer.replace(origins=NOBODY)
        self._elsewhere = _Place(
            (self._outer, None), None, Governor(nobody, nobody.derive(Rules), False, True, True)
        )
        places = {path: self._place((layer,), path) for path, layer in read.resources.items()}
        refusing = _Place((nobody,), None, Governor(nobody, nobody.derive(Rules)))
        self._resources = Resources(places, refusing) if places else None
        # The way of nearly every request.
        is_simple = self._resources is None and self._urls is None
        self.everywhere = self._everywhere.governor if is_simple else None
        self.patterns = Resources({path: path for path in places})
        self.places: dict[str | None, _Place] = {None: self._everywhere}
        self.places.update(places)
        self._views: Bounded[ViewMarks] = Bounded()
        self._marked: Bounded[Governor] = Bounded()
        self._narrowed: Bounded[Policy] = Bounded()

    def marks(self, view: Callable[..., Any]) -> ViewMarks:
        """Return the marks of a view."""
        return self._views.get((id(view),), view, lambda: ViewMarks(view))

    def governor(self, path: str, marks: Marks = ()) -> Governor:
        """Return what governs a path, and a view with these marks there."""
        place = self._everywhere
        if self._resources is not None:
            place = self._resources.find(path if path.isascii() else as_wsgi(path), place)
        if place is self._everywhere and self._urls is not None and not self._urls.match(path):
            place = self._elsewhere
        return self.marked(place, marks) if marks else place.governor

    def marked(self, place: _Place, marks: Marks) -> Governor:
        """Return what governs a place with these marks."""
        layers = (*place.layers, *marks)
        key = (place.path, *map(id, layers))
        return self._marked.get(key, layers, lambda: _governor(layers, place.path))

    def preflight_governor(self, path: str, view: ViewMarks, method: str) -> Governor:
        """Return what governs a preflight that asks about a method of a view.

        What its answer lists, a browser remembers for the URL, and does not ask about again. So
        no method is listed that has marks of its own.
        """
        marks = view.of(method)
        governor = self.governor(path, marks)
        policy = governor.policy
        if not view.by_method or policy is None or governor.needs_signal:
            return governor
        listed = DEFAULT_METHODS if policy.methods is None else policy.methods
        if listed == ANY:
            listed = tuple(dict.fromkeys([*DEFAULT_METHODS, *view.methods]))
        names = tuple(
            name
            for name in listed
            if name not in FORBIDDEN_METHODS and _is_same(view.of(name), marks)
        )
        key = (id(policy), names)
        narrowed = self._narrowed.get(key, policy, lambda: policy.narrowed_to(names))
        return Governor(
            narrowed,
            narrowed.derive(Rules),
            governor.has_callables,
            governor.asks_signal,
            names=governor.names,
        )

    def _place(self, inner: tuple[Layer, ...], path: str | None) -> _Place:
        layers = (self._outer, *inner)
        return _Place(layers, path, _governor(layers, path))


def _governor(layers: tuple[Layer, ...], path: str | None) -> Governor:
    policy = combined(layers)
    names = _names(layers, path)
    if policy is None:
        return Governor(None, names=names)
    # Whoever names origins says which. The signal adds to those of the settings only.
    named = any(isinstance(layer, Policy) or "origins" in (layer or ()) for layer in layers[1:])
    has_callables = bool(policy.origin_set.callables)
    return Governor(policy, policy.derive(Rules), has_callables, not named, names=names)


def _names(layers: tuple[Layer, ...], path: str | None) -> Mapping[str, str]:
    """Return where each option is written, the settings being the first layer."""
    names = {**OPTION_SETTINGS}
    for depth, layer in enumerate(layers[1:]):
        # A Policy says everything.
        for option in OPTION_SETTINGS if isinstance(layer, Policy) else layer or ():
            if depth or path is None:
                names[option] = f"{option} of its @cors"
            elif isinstance(layer, Policy):
                names[option] = f"{option} of {RESOURCES}[{path!r}]"
            else:
                names[option] = f"{RESOURCES}[{path!r}].{OPTION_SETTINGS[option]}"
    return names


def _is_same(marks: Marks, others: Marks) -> bool:
    return [*map(id, marks)] == [*map(id, others)]
