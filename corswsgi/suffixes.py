"""Public suffixes: domains under which anyone can get a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# New suffixes are added every week.
_MAX_AGE = timedelta(days=2 * 365)

# A line of the file's header, such as `// VERSION: 2026-10-22_08-36-41_UTC`, or the version of the
# package, such as `1.1.2.20261023`.
_match_date = re.compile(r"(?:// VERSION: |[0-9.]+\.)([0-9]{4})-?([0-9]{2})-?([0-9]{2})").match
_HEADER_LINES = 20


class PublicSuffixes:
    """The public suffix list (https://publicsuffix.org/).

    It is loaded when it is first used, once in a process.
    """

    def at_or_under(self, host: str) -> str | None:
        """Return a public suffix that is `host`, or is under it; None if there is none."""
        if _load().publicsuffix(host) == host:
            return host
        return _load_parents().get(host)

    def has_tenants(self, suffix: str) -> bool:
        """Return whether a public suffix is a company's, which gives customers one name each."""
        return bool(_load_registries().publicsuffix(suffix) != suffix)

    def site(self, host: str) -> str | None:
        """Return the registrable domain of a host; None for public suffixes and addresses.

        https://url.spec.whatwg.org/#host-registrable-domain
        """
        if host[:1] == "[" or host.rpartition(".")[2].isdigit():
            return None
        found: str | None = _load().privatesuffix(host.removesuffix("."))
        return found

    def outdated(self) -> date | None:
        """Return the date of the list if it is more than two years old."""
        listed, today = _load_date(), datetime.now(timezone.utc).date()
        return listed if listed is not None and today - listed > _MAX_AGE else None


@cache
def _load() -> PublicSuffixList:
    # Importing and loading take 40 milliseconds, and few policies need it.
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - see above

    return PublicSuffixList()


@cache
def _load_registries() -> PublicSuffixList:
    """Return the suffixes of registries alone, such as ``co.uk``."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - see above

    return PublicSuffixList(only_icann=True)


@cache
def _load_parents() -> Mapping[str, str]:
    """Return a public suffix for each name that is above one."""
    from publicsuffixlist import PSLFILE  # noqa: PLC0415 - see above

    with Path(PSLFILE).open(encoding="utf-8") as lines:
        return suffixes_by_parent(lines)


def suffixes_by_parent(lines: Iterable[str]) -> dict[str, str]:
    """Return the first public suffix in the `lines` of a list for each name that is above one."""
    found: dict[str, str] = {}
    for line in lines:
        rule = line.partition(" ")[0].strip().lower().removeprefix("*.")
        # An exception is not a suffix.
        if not rule or rule[0] in "/!":
            continue
        suffix = rule if rule.isascii() else rule.encode("idna").decode("ascii")
        _, _, parent = suffix.partition(".")
        while parent:
            found.setdefault(parent, suffix)
            _, _, parent = parent.partition(".")
    return found


@cache
def _load_date() -> date | None:
    from publicsuffixlist import PSLFILE  # noqa: PLC0415 - see above

    return read_date(Path(PSLFILE))


def read_date(path: Path) -> date | None:
    """Return the date of the list in a file. Lists of 2024 and before have none in their header."""
    with path.open(encoding="utf-8") as lines:
        listed = date_of(islice(lines, _HEADER_LINES))
    if listed is not None:
        return listed
    from importlib.metadata import distributions  # noqa: PLC0415 - it takes 20 milliseconds

    return date_of(installed.version for installed in distributions(name="publicsuffixlist"))


def date_of(texts: Iterable[str]) -> date | None:
    """Return the first date in `texts`: the lines of a list's header, or the package's version."""
    found = next(filter(None, map(_match_date, texts)), None)
    return None if found is None else date(*map(int, found.groups()))
