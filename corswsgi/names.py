"""Names: how the options of a policy are written in a configuration."""

from __future__ import annotations


class Names:
    """How the options of a policy are written in one place of a configuration.

    Messages and hints are composed with these names, and never rewritten afterwards. This class
    writes options as keyword arguments: ``origins="*"``. Adapters whose users write something
    else, such as settings, override its methods.
    """

    def option(self, option: str, value: object = None) -> str:
        """Return the name of an option, for `Problem.option` and in sentences.

        `value` is the offending value, if there is one: some configurations have separate settings
        for origin patterns, regular expressions and ``"*"``. It can be any object. `option` can
        be one that does not exist.
        """
        del value  # the same name for all values
        return option

    def assignment(self, option: str, source: str) -> str:
        """Return what to write to set an option.

        `source` is the value in Python: ``'True'``, ``'"*"'``, ``'["https://app.example.com"]'``.
        """
        return f"{option}={source}"

    def expression(self) -> str:
        """Return what to use for origins that match a regular expression."""
        return "re.compile(...)"


OPTION_NAMES = Names()
"""The names of the keyword arguments of `corswsgi.Policy`."""
