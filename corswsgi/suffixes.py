"""Public suffixes: the names under which anybody can have a name."""

from __future__ import annotations

from pathlib import Path


class PublicSuffixes:
    """The public suffix list (https://publicsuffix.org/), loaded when it is needed."""

    def __init__(self) -> None:
        # It takes a tenth of a second, and few policies need it.
        from publicsuffixlist import PSLFILE, PublicSuffixList  # noqa: PLC0415 - see above

        self._list = PublicSuffixList()
        with Path(PSLFILE).open(encoding="utf-8") as lines:
            self._rules = [line.split()[0] for line in lines if line.strip() and line[:2] != "//"]

    def at_or_under(self, host: str) -> str | None:
        """Return a public suffix that `host` is, or that lies under it; None if there is none."""
        if self._list.publicsuffix(host) == host:
            return host
        # The list has its names in Unicode.
        try:
            below = f".{host.encode('ascii').decode('idna')}"
        except UnicodeError:
            below = f".{host}"
        for rule in self._rules:
            if rule.endswith(below):
                return rule.removeprefix("*.").encode("idna").decode("ascii")
        return None

    def site(self, host: str) -> str | None:
        """Return the registrable domain of `host` (HTML standard, 7.1.1.1); None if it has none.

        Public suffixes have none, and addresses.
        """
        if host[:1] == "[" or host.rpartition(".")[2].isdigit():
            return None
        found: str | None = self._list.privatesuffix(host.removesuffix("."))
        return found
