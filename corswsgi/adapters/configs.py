"""Options in a mapping with other keys, such as Flask's ``app.config``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping
from typing import Any

from corswsgi.errors import Notice, Problem
from corswsgi.names import Names
from corswsgi.suggestions import did_you_mean

from .layers import snapshot


class ConfigNames(Names):
    """The names of options as keys: a prefix and the option in upper case."""

    def __init__(self, prefix: str) -> None:
        """Use `prefix`, such as ``CORS_``."""
        self._prefix = prefix

    def option(self, option: str, value: object = None) -> str:
        """Return the key for an option."""
        del value  # the same key for all values
        return self._prefix + option.upper()

    def assignment(self, option: str, source: str) -> str:
        """Return the key and its value."""
        return f"{self.option(option)} = {source}"


def read_config(
    config: MutableMapping[str, Any], prefix: str, known: Collection[str], ignored: Collection[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the options in a config by their names, and the problems with unknown keys.

    `known` and `ignored` are the names of options; hints do not suggest the ignored ones. An
    iterator in the config is replaced by what it yields, so that the config can be read again.
    """
    options: dict[str, Any] = {}
    problems = []
    for key in [key for key in config if key.startswith(prefix)]:
        name = key.removeprefix(prefix).lower()
        if key.isupper() and (name in known or name in ignored):
            if isinstance(config[key], Iterator):
                config[key] = snapshot(config[key])
            options[name] = snapshot(config[key])
        else:
            message = f"{key} is not a key that corswsgi knows."
            hint = did_you_mean(name, known, ConfigNames(prefix).option, "keys")
            problems.append(Problem(key, config[key], "unknown_option", message, hint))
    return options, problems


def drop_ignored(
    options: Mapping[str, Any], ignored: Mapping[str, str], names: Names
) -> tuple[dict[str, Any], list[Notice]]:
    """Return the options without the `ignored` ones, and a notice about each of these.

    They are options of another library that have no effect here. `ignored` has the reasons.
    """
    notices = []
    for name in [name for name in options if name in ignored]:
        message = f"has no effect, because {ignored[name]}."
        option, value = names.option(name), options[name]
        notices.append(Notice(option, value, "deprecated_option", message, "Remove it."))
    return {name: options[name] for name in options if name not in ignored}, notices
