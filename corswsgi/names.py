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

    def expression_assignment(self, source: str) -> str:
        """Return what to write for origins that match an expression, given as a raw string."""
        return f"re.compile({source})"

    @property
    def others(self) -> tuple[str, ...]:
        """The names of further arguments that can be written beside the options."""
        return ()

    @property
    def hidden_list(self) -> str | None:
        """The name of a list of origins that has no effect, because any origin is allowed."""
        return None

    # If options are merged from several places, messages say which one is where.

    def described(self, option: str) -> str:
        """Return the name of an option, and where it is written if the name does not tell."""
        return self.option(option)

    def depth(self, option: str) -> int:
        """Return how far inside an option is written: it overrides those with a lower number."""
        del option  # all in one place
        return 0

    def at(self, option: str) -> Names:
        """Return the names of the place where an option is written."""
        del option  # all in one place
        return self


OPTION_NAMES = Names()
"""The names of the keyword arguments of `corswsgi.Policy`."""
