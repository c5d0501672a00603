"""Names of options in other places than the arguments of `corswsgi.Policy`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from corswsgi.names import Names


class DecoratorNames(Names):
    """The names of the options of ``@cors``, for messages that do not show the decorator."""

    def option(self, option: str, value: object = None) -> str:
        """Return the name of an option, and where it is written."""
        del value
        return f"{option} of its @cors"


class CallNames(Names):
    """The names of options as arguments of a call, such as ``CORS(app)``."""

    def __init__(self, call: str, others: tuple[str, ...] = ()) -> None:
        """`others` are further arguments of the call."""
        self._call = call
        self._others = others

    @property
    def others(self) -> tuple[str, ...]:
        """The names of further arguments."""
        return self._others

    def described(self, option: str) -> str:
        """Return the name of an option, and the call."""
        return f"{option} of {self._call}"


BLUEPRINT_NAMES = CallNames("CORS(blueprint)", ("resources",))
"""The names of the arguments of ``CORS(blueprint)``."""


class SettingNames(Names):
    """The names of settings, of which three are for the origins.

    `settings`
        The setting for each option. The one for ``origins`` is for lists of patterns.

    `any_origin`
        The setting that is True if any origin is allowed.

    `expressions`
        The setting for regular expressions, and `given` the ones that come from there.

    `hidden_list`
        See `corswsgi.names.Names.hidden_list`.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        any_origin: str,
        expressions: str,
        given: Iterable[re.Pattern[str]] = (),
        hidden_list: str | None = None,
    ) -> None:
        self._settings = settings
        self._any_origin = any_origin
        self._expressions = expressions
        self._given = [*given]
        self._hidden_list = hidden_list

    @property
    def hidden_list(self) -> str | None:
        """The setting for a list of origins that has no effect."""
        return self._hidden_list

    def option(self, option: str, value: object = None) -> str:
        """Return the setting for an option, or for a part of the origins."""
        if isinstance(value, str) and value == "*" and option == "origins":
            return self._any_origin
        if any(value is expression for expression in self._given):
            return self._expressions
        return self._settings.get(option, option)

    def assignment(self, option: str, source: str) -> str:
        """Return what to write into the settings."""
        if option == "origins" and source == '"*"':
            return f"{self._any_origin} = True"
        return f"{self.option(option)} = {source}"

    def expression(self) -> str:
        """Return the setting for regular expressions."""
        return self._expressions

    def expression_assignment(self, source: str) -> str:
        """Return what to write into the settings."""
        return f"{self._expressions} = [{source}]"
