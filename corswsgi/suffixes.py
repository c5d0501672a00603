"""Public suffixes: domains under which anyone can get a name."""

from __future__ import annotations

from pathlib import Path


class PublicSuffixes:
    """The public suffix list (https://publicsuffix.org/). Creating an instance loads it."""

    def __init__(self) -> None:
        # The import takes a tenth of a second, and few policies need it.
        from publicsuffixlist import PSLFILE, PublicSuffixList  # noqa: PLC0415 - see above

        self._list = PublicSuffixList()
        with Path(PSLFILE).open(encoding="utf-8") as lines:
            self._rules = [line.split()[0] for line in lines if line.strip() and line[:2] != "//"]

    def at_or_under(self, host: str) -> str | None:
        """Return a public suffix that is `host`, or is under it; None if there is none."""
        if self._list.publicsuffix(host) == host:
            return host
        # The list contains names in Unicode.
        try:
            parent = f".{host.encode('ascii').decode('idna')}"
        except UnicodeError:
            parent = f".{host}"
        for rule in self._rules:
            if rule.endswith(parent):
                return rule.removeprefix("*.").encode("idna").decode("ascii")
        return None

    def site(self, host: str) -> str | None:
        """Return the registrable domain of a host; None for public suffixes and addresses.

        https://url.spec.whatwg.org/#host-registrable-domain
        """
        if host[:1] == "[" or host.rpartition(".")[2].isdigit():
            return None
        found: str | None = self._list.privatesuffix(host.removesuffix("."))
        return found
