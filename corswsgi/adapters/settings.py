"""Settings in which three names are for the origins, such as those of django-cors-headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from corswsgi.environment import find_truth, fix_truth
from corswsgi.errors import Notice, Problem, safe_repr, wrong_type
from corswsgi.names import Names
from corswsgi.origins import NO_ORIGIN
from corswsgi.suggestions import did_you_mean

from .layers import UNSET, PlacedNames, Reading, read_layer
from .names import SettingNames
from .values import read_expressions, read_list, read_origins


class SettingFormat(NamedTuple):
    """The names of settings, and how they are read as a layer."""

    prefix: str
    """How all names begin, such as ``CORS_``."""
    options: Mapping[str, str]
    """The setting for each option. The one for ``origins`` is for patterns and callables."""
    expressions: str
    """The setting for regular expressions."""
    any_origin: str
    """The setting that is True if any origin is allowed."""
    older: Mapping[str, str]
    """The older names of these three, which are used if the newer one is missing."""
    adapt: Callable[[object], object]
    """See `read_layer`."""

    @property
    def origins(self) -> str:
        """The setting for patterns and callables."""
        return self.options["origins"]

    @property
    def known(self) -> tuple[str, ...]:
        """The names of all settings."""
        others = [setting for option, setting in self.options.items() if option != "origins"]
        return (self.origins, self.expressions, self.any_origin, *self.older.values(), *others)

    def names(
        self,
        given: Collection[str] = (),
        expressions: Iterable[re.Pattern[str]] = (),
        hidden_list: str | None = None,
    ) -> SettingNames:
        """Return the names of the settings, and older ones for those that are `given` under them.

        `expressions` are those that come from the setting for them. `hidden_list` is the
        setting for a list of origins that has no effect.
        """
        names = {
            name: older if older in given and name not in given else name
            for name, older in self.older.items()
        }
        options = {option: names.get(name, name) for option, name in self.options.items()}
        any_origin, from_list = (
            names.get(each, each) for each in (self.any_origin, self.expressions)
        )
        hidden = hidden_list and names.get(hidden_list, hidden_list)
        return SettingNames(options, any_origin, from_list, expressions, hidden)

    def read(self, given: Mapping[str, Any], place: str | None = None) -> Reading:
        """Read settings as a layer, and ignore unknown ones. `place` is for messages."""

        def make_names(
            expressions: Iterable[re.Pattern[str]] = (), hidden_list: str | None = None
        ) -> Names:
            names = self.names(given, expressions, hidden_list)
            return names if place is None else PlacedNames(names, place)

        names = make_names()
        problems: list[Problem] = []
        kept = {name: value for name, value in given.items() if not isinstance(value, Iterator)}
        for name in self.known:
            if name in given and name not in kept:
                expected = "a value that can be read twice"
                problem = wrong_type(names.option(name), given[name], expected, "write a list.")
                problems.append(problem)
        methods = self.options["methods"]
        if kept.get(methods, ()) is None:
            read_list(names.option("methods"), kept.pop(methods), problems)

        def read(setting: str, default: object) -> Any:
            return kept.get(setting, kept.get(self.older.get(setting, setting), default))

        option = names.expression() if place is None else f"{place}.{names.expression()}"
        expressions = read_expressions(option, read(self.expressions, ()), problems)
        names = make_names(expressions)
        listed = read_origins(names, read(self.origins, ()), problems)
        rules = (*listed, *expressions)
        allow_all = read(self.any_origin, False)
        if not isinstance(allow_all, bool):
            option = names.option("origins", "*")
            written = names.assignment("origins", '"*"').removesuffix("True")
            hint = fix_truth(allow_all, lambda source: written + source, self.any_origin)
            problems.append(wrong_type(option, allow_all, "True or False", hint))
            truth = find_truth(allow_all)
            allow_all = truth is True
        options = {
            option: kept[setting]
            for option, setting in self.options.items()
            if setting in kept and option != "origins"
        }
        if allow_all is True:
            # The lists have no effect, for example while DEBUG is on, but are checked nevertheless.
            lists = {"origins": rules or NO_ORIGIN}
            if options.get("supports_credentials") is True:
                lists = {**options, **lists}  # they will apply when this is fixed
            problems += read_layer(UNSET, lists, names, self.adapt).problems
            if rules:
                names = make_names(expressions, self.origins if listed else self.expressions)
            rules = ("*",)
        of_origins = (self.origins, self.expressions, self.any_origin)
        if not {*of_origins, *self.older.values()}.isdisjoint(kept):
            options["origins"] = rules or NO_ORIGIN
        reading = read_layer(UNSET, options, names, self.adapt)
        problems += [problem for problem in reading.problems if problem not in problems]
        return Reading(reading.layer, problems, reading.notices)

    def read_path(self, place: str, given: Mapping[Any, Any]) -> Reading:
        """Read the settings of a path. Unknown ones are problems. `place` is for messages."""
        settings = {str(name): value for name, value in given.items()}
        reading = self.read(settings, place)
        unknown = [
            Problem(
                place,
                name,
                "unknown_option",
                f"{safe_repr(name)} is not a setting for paths.",
                self.meant(name, self.known),
            )
            for name in settings
            if name not in self.known
        ]
        return Reading(reading.layer, reading.problems + unknown, reading.notices)

    def unused(
        self, given: Mapping[str, Any], known: Collection[str], removed: Mapping[str, str]
    ) -> Iterator[Notice]:
        """Yield notices about settings that have no effect.

        `known` are the names of all settings, and `removed` those of earlier versions, each with
        its replacement.
        """
        for name, value in given.items():
            if name in removed:
                text = "has no effect: django-cors-headers has removed it."
                yield Notice(name, value, "removed_setting", text, f"{removed[name]}.")
            elif name not in known:
                text, hint = "is not a setting of corswsgi.", self.meant(name, known)
                hint = hint[:1].upper() + hint[1:]
                yield Notice(name, value, "unknown_setting", text, hint)
        for name, older in self.older.items():
            if name in given and older in given:
                text = f"has no effect, because its newer name {name} is set, too."
                yield Notice(older, given[older], "older_setting", text, f"Remove {older}.")

    def meant(self, name: str, known: Collection[str]) -> str:
        """Return a hint with the setting that `name` probably means, or with all `known`."""
        option = name.removeprefix(self.prefix).lower()
        if option in self.options:
            return f"did you mean {self.options[option]!r}?"
        bare = [setting.removeprefix(self.prefix).lower() for setting in known]
        return did_you_mean(option, bare, lambda found: self.prefix + found.upper(), "settings")
