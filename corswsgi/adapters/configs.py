"""Options in a mapping with other keys, such as Flask's ``app.config``."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corswsgi.errors import Caller, Notice, PolicyError, Problem, refuse, warn
from corswsgi.names import Names
from corswsgi.policy import Policy
from corswsgi.suggestions import meant_option
from corswsgi.validation import OPTIONS

from .calls import (
    EVERYWHERE,
    NO_PARTS,
    OFF,
    Call,
    Parts,
    Reader,
    combine,
    read_call,
    read_resources,
)
from .layers import UNSET, Layer, Layers, deep_snapshot, snapshot
from .names import CallNames
from .routes import Route
from .table import PolicyTable

if TYPE_CHECKING:
    from corswsgi.policy_callables import PolicyCallable

_CALL_NAMES = CallNames("CORS(app)", ("resources",))
_DEPRECATED = "allow_private_network"
_KNOWN = [*(option for option in OPTIONS if option != _DEPRECATED), "resources"]

# Without an option of these, more is allowed, whatever its value.
_NARROWING = ("origins", "resources")

# Options that cannot be meant to allow less.
_HARMLESS = (None, "max_age")

# Close enough for a typing error, or for a missing plural: ORIGIN, ORGINS, but not ALLOWED_ORIGINS.
_NEAR_MISS = 0.85


class ConfigNames(Names):
    """The names of options as keys: a prefix and the option in upper case."""

    def __init__(self, prefix: str) -> None:
        """Use `prefix`, such as ``CORS_``."""
        self.prefix = prefix

    def option(self, option: str, value: object = None) -> str:
        """Return the key for an option."""
        del value  # the same key for all values
        return self.prefix + option.upper()

    def assignment(self, option: str, source: str) -> str:
        """Return the key and its value."""
        return f"{self.option(option)} = {source}"


def read_config(
    keys: Mapping[str, Any], prefix: str, ignored: Collection[str]
) -> tuple[dict[str, Any], dict[str, str | None]]:
    """Return the options in a config by their names, and its unknown keys.

    `ignored` are options of another library. Each unknown key has the option that it is a near miss
    of, or None. It then probably belongs to the application.
    """
    options: dict[str, Any] = {}
    unknown: dict[str, str | None] = {}
    for key, value in keys.items():
        name = key[len(prefix) :].lower()
        if key.isupper() and name in (*_KNOWN, _DEPRECATED, *ignored):
            options[name] = value
        elif (near := _near_miss(name)) is not None or key.startswith(prefix):
            unknown[key] = near
    return options, unknown


def _near_miss(name: str) -> str | None:
    """Return the option that `name` is, or is misspelled of."""
    return next(iter(get_close_matches(name, _KNOWN, n=1, cutoff=_NEAR_MISS)), None)


class _Attempt(NamedTuple):
    """The result of reading a config."""

    table: PolicyTable | None
    """None if there are problems."""
    problems: list[Problem]
    notices: list[Notice]

    @property
    def faults(self) -> list[Problem]:
        """All problems, including those of views."""
        return self.problems if self.table is None else self.table.problems()


class Configuration:
    """The calls of ``CORS(app)`` and the config of an application.

    The config is read at each call, and again for each table, because it may be changed after the
    call. Keys that are set after the call are ignored if they would cause problems, unless they
    may be meant to allow less.

    `config`
        A function that returns the config. Iterators in it are replaced by what they yield.

    `names`
        The names of the config's keys.

    `ignored`
        Options of another library.

    `read`
        Reads a policy or options.

    `routes`
        Returns the routes of the application.
    """

    calls: tuple[Call, ...] = ()
    """The calls so far, without repeated ones."""

    def __init__(
        self,
        config: Callable[[], MutableMapping[str, Any]],
        names: ConfigNames,
        ignored: Collection[str],
        read: Reader,
        routes: Callable[[], Iterable[Route]],
    ) -> None:
        self._config = config
        self._names = names
        self._ignored = ignored
        self._read = read
        self._routes = routes
        self._first: Mapping[str, Any] = {}  # the keys at the last call
        self._warned: list[Notice] = []

    @property
    def ask(self) -> PolicyCallable | None:
        """The function that returns the policy of a request, if there is one."""
        return self.calls[0].ask if self.calls else None

    def add(self, policy: object, resources: object, options: Mapping[str, Any]) -> None:
        """Add a call. Raises `PolicyError` with all problems of the calls and of the config."""
        call, problems, notices = read_call(policy, resources, options, self._read, _CALL_NAMES)
        is_known = any(call.given == known.given for known in self.calls)
        calls = self.calls if is_known else (*self.calls, call)
        problems += _beside_function(calls)
        keys = self._keys()
        attempt = self._attempt(calls, keys, problems)
        refuse(attempt.problems)
        self._warn([*attempt.notices, *notices], call.caller)
        self.calls, self._first = calls, keys

    @property
    def notices(self) -> list[Notice]:
        """The notices so far about the calls and the config."""
        return self._warned

    def make_table(self) -> PolicyTable:
        """Make the table for the calls and the config. Raises `PolicyError` with all problems."""
        first, keys = self._first, self._keys()
        late = [key for key in keys if key not in first or first[key] != keys[key]]
        late = late if self.calls else []
        attempt = self._attempt(self.calls, keys, late=late)
        if late and attempt.faults:
            attempt = self._without_faults(keys, late) or attempt
        refuse(attempt.problems)
        self._warn(attempt.notices, self.calls[-1].caller if self.calls else None)
        return cast(PolicyTable, attempt.table)

    def _without_faults(self, keys: Mapping[str, Any], late: Collection[str]) -> _Attempt | None:
        """Ignore the late keys that cause problems. Return None if there are others."""
        may_be_ignored = [key for key in late if not self._narrows(key, keys[key])]
        kept = {
            key: self._first[key] if key in may_be_ignored else keys[key]
            for key in keys
            if key in self._first or key not in may_be_ignored
        }
        attempt = self._attempt(self.calls, kept, late=late)
        if attempt.faults:
            return None
        ignored = []
        for key in may_be_ignored:
            trial = self._attempt(self.calls, {**kept, key: keys[key]}, late=late)
            if trial.faults:
                ignored.append(_about_late_key(key, keys[key], trial.faults[0]))
            else:
                kept, attempt = {**kept, key: keys[key]}, trial
        return _Attempt(attempt.table, [], attempt.notices + ignored)

    def _attempt(
        self,
        calls: Collection[Call],
        keys: Mapping[str, Any],
        of_calls: Collection[Problem] = (),
        late: Collection[str] = (),
    ) -> _Attempt:
        """Make the table, unless there are problems. `of_calls` are those of the arguments."""
        options, unknown = read_config(keys, self._names.prefix, self._ignored)
        paths, of_paths, notices = self._read_paths(calls, options.pop("resources", UNSET))
        parts, contradictions = combine([call.parts(paths) for call in calls])
        reading = self._read(UNSET, options, self._names)
        layer = reading.layer
        if reading.problems or reading.notices:
            used = [option for option in options if self._has_effect(option, calls, parts)]
            given = {option: options[option] for option in used}
            reading = self._read(UNSET, given, self._names)
        problems: list[Problem] = []
        for key, near in unknown.items():
            value = keys[key]
            is_harmless = key in late and not self._narrows(key, value)
            # With problems in the arguments, it is not known whether they override the config.
            is_used = near is not None and (of_calls or self._has_effect(near, calls, parts))
            if near is not None and is_used and not is_harmless:
                problems.append(self._about_near_miss(key, value, near))
            else:
                notices.append(self._about_unknown_key(key, value))
        problems += [*reading.problems, *of_paths, *of_calls]
        notices = reading.notices + notices
        if problems or contradictions:
            return _Attempt(None, problems or contradictions, notices)
        try:
            return _Attempt(self._table(layer, parts), [], notices)
        except PolicyError as error:
            return _Attempt(None, [*error.problems], notices)

    def _read_paths(
        self, calls: Collection[Call], resources: object
    ) -> tuple[dict[str, Layer] | None, list[Problem], list[Notice]]:
        """Read the paths of the config, if a call uses them."""
        name = self._names.option("resources")
        if resources is not UNSET and not calls:
            message = "has no effect without CORS(app)."
            hint = "call CORS(app), or remove it."
            return None, [Problem(name, resources, "without_effect", message, hint)], []
        if resources is UNSET or not self._has_effect("resources", calls):
            return None, [], []
        return read_resources(name, resources, self._read)

    def _has_effect(self, option: str, calls: Iterable[Call], parts: Parts = NO_PARTS) -> bool:
        """Return whether anything uses an option of the config. Options that do nothing count."""
        if option == "resources":
            return any(call.paths is None for call in calls)
        stacks = self._stacks(parts)
        return option not in OPTIONS or any(not _overrides(layers, option) for layers in stacks)

    def _table(self, config: Layer, parts: Parts) -> PolicyTable:
        paths = {path: layers[-1] for path, layers in parts.paths.items()}
        if parts is NO_PARTS:
            # CORS is off for the application, and its config provides defaults for views.
            return PolicyTable([config], unmatched=[OFF], routes=self._routes)
        # The options of a single call are around those of its paths.
        is_around = all(layers[:-1] == parts.elsewhere for layers in parts.paths.values())
        if [*paths] == [EVERYWHERE] and not (is_around and parts.depends_on_request):
            return PolicyTable([config, *parts.paths[EVERYWHERE]], routes=self._routes)
        around, elsewhere = (parts.elsewhere, ()) if is_around else ((), parts.elsewhere)
        return PolicyTable(
            [config, *around], paths=paths, unmatched=[*elsewhere, OFF], routes=self._routes
        )

    def _stacks(self, parts: Parts) -> Iterator[Layers]:
        """Yield the layers of each place and, where CORS is off, of each view."""
        yield from parts.paths.values()
        is_on = [layers[-1].value is not None for layers in parts.paths.values()]
        if EVERYWHERE in parts.paths and all(is_on):
            return
        for route in self._routes():
            for layers in (route.view.enclosing, *route.view.by_method.values()):
                if layers:
                    yield (*parts.elsewhere, *layers)

    def _keys(self) -> dict[str, Any]:
        """Return copies of the config's keys that begin with the prefix, in any case."""
        config, keys = self._config(), {}
        for key in [key for key in config if key.upper().startswith(self._names.prefix)]:
            if isinstance(config[key], Iterator):
                config[key] = snapshot(config[key])
            keys[key] = deep_snapshot(config[key])
        return keys

    def _narrows(self, key: str, value: Any) -> bool:
        """Return whether a key, or a misspelled one, may be meant to allow less than without it."""
        name = key[len(self._names.prefix) :].lower()
        near = _near_miss(name)
        if near == "supports_credentials":
            return value is not True
        is_any = value == "*" or (isinstance(value, tuple | frozenset) and "*" in value)
        return name in _NARROWING or not (near in _HARMLESS or is_any)

    def _about_near_miss(self, key: str, value: object, near: str) -> Problem:
        message = "is not a key that corswsgi knows."
        hint = f"did you mean {self._names.option(near)!r}?"
        return Problem(key, value, "unknown_option", message, hint)

    def _about_unknown_key(self, key: str, value: object) -> Notice:
        prefix = self._names.prefix
        name = meant_option(key[len(prefix) :].lower())
        close = get_close_matches(name, _KNOWN, n=1)
        meant = f"Did you mean {self._names.option(close[0])!r}? " if close else ""
        hint = f"{meant}If it belongs to your application, rename it, as in 'MY_{key}'."
        message = "is not a key of corswsgi, and has no effect."
        return Notice(key, value, "unknown_key", message, hint)

    def _warn(self, notices: Iterable[Notice], caller: Caller | None) -> None:
        new = [notice for notice in notices if notice not in self._warned]
        warn(new, caller)
        self._warned += new


def _beside_function(calls: Sequence[Call]) -> list[Problem]:
    """Return the problem with a function that returns the policy, and another call beside it."""
    functions = [call.ask for call in calls if call.ask is not None]
    if not functions or len(calls) == 1:
        return []
    first, last = calls[0].caller.place, calls[-1].caller.place
    message = (
        "a function that returns the policy stands for all options of the application, and "
        f"CORS(app) was called in {first}, and again in {last}."
    )
    hint = (
        "write one CORS(app, policy_for), and paths as its resources, as in "
        'CORS(app, policy_for, resources={"/api/*": {"max_age": 60}}).'
    )
    return [Problem("policy", functions[0], "given_twice", message, hint)]


def _about_late_key(key: str, value: object, problem: Problem) -> Notice:
    why = problem.message if problem.option == key else problem.sentence
    message = f"is ignored, because it was set after CORS(app), and would be refused: {why}"
    hint = "Remove it, or correct it and set it before CORS(app)"
    hint += "." if problem.hint is None else f": {problem.hint}"
    return Notice(key, value, "late_key", message, hint)


def _overrides(layers: Layers, option: str) -> bool:
    """Return whether the layers around these cannot have an effect on the option."""
    values = [layer.value for layer in layers]
    return values[-1] is None or any(
        isinstance(value, Policy) or (value is not None and option in value) for value in values
    )


class Ignored(NamedTuple):
    """Why an option of another library has no effect here."""

    reason: str
    """Why, as in "because ..."."""
    hint: str = "Remove it."


def ignored_keys(
    names: ConfigNames, ignored: Iterable[str], options: Iterable[str]
) -> dict[str, Ignored]:
    """Return why keys have no effect as arguments. `options` have an effect as keys."""
    reason = "it is a key of the config, and not an argument"
    hint = "Remove it. If you mean it, write {}=... instead."
    return {
        **{names.option(name): Ignored(reason) for name in ignored},
        **{names.option(name): Ignored(reason, hint.format(name)) for name in options},
    }


def drop_ignored(
    options: Mapping[str, Any], ignored: Mapping[str, Ignored], names: Names
) -> tuple[dict[str, Any], list[Notice]]:
    """Return the options without the `ignored` ones, and a notice about each of these.

    They are options of another library that have no effect here.
    """
    notices = []
    for name in [name for name in options if name in ignored]:
        message = f"has no effect, because {ignored[name].reason}."
        option, value = names.option(name), options[name]
        notices.append(Notice(option, value, "deprecated_option", message, ignored[name].hint))
    return {name: options[name] for name in options if name not in ignored}, notices
