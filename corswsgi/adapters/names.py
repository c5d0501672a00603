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


class SettingNames(Names):
    """The names of settings, of which three are for the origins.

    `settings`
        The setting for each option. The one for ``origins`` is for lists of patterns.

    `any_origin`
        The setting that is True if any origin is allowed.

    `expressions`
        The setting for regular expressions, and `given` the ones that come from there.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        any_origin: str,
        expressions: str,
        given: Iterable[re.Pattern[str]] = (),
    ) -> None:
        self._settings = settings
        self._any_origin = any_origin
        self._expressions = expressions
        self._given = [*given]

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
