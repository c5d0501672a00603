"""Public suffixes."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from corswsgi import suffixes
from corswsgi.suffixes import PublicSuffixes, date_of, read_date, suffixes_by_parent

SUFFIXES = PublicSuffixes()
LIST = PublicSuffixList()

# The rules of the list, with names in ASCII.
RULES = [
    line.split()[0].encode("idna").decode("ascii") if "*" not in line else line.split()[0]
    for line in Path(PSLFILE).read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("//")
]
PLAIN = [rule.removeprefix("*.") for rule in RULES if rule[0] != "!"]
SPLIT = [(rule, rule.removeprefix("!").split(".")) for rule in RULES]


def naive_site(host: str) -> str | None:
    """Follow https://github.com/publicsuffix/list/wiki/Format#formal-algorithm.

    The library takes `*.ck` for a rule for `ck`, too, as the list's own tests do.
    """
    labels = host.split(".")
    best = 1
    for rule, parts in SPLIT:
        if parts[0] == "*" and parts[1:] == labels[-len(parts) + 1 :]:
            best = max(best, min(len(parts), len(labels)))
        elif parts == labels[-len(parts) :]:
            if rule[0] == "!":
                return ".".join(labels[-len(parts) :])
            best = max(best, len(parts))
    return ".".join(labels[-best - 1 :]) if len(labels) > best else None


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("com", "com"),
        ("co.uk", "co.uk"),
        ("github.io", "github.io"),
        ("xn--p1ai", "xn--p1ai"),
        ("kawasaki.jp", "kawasaki.jp"),
        ("internal", "internal"),
        ("example.com", None),
        ("a.github.io", None),
        ("xn--zzzz99999.example", None),
        ("a_b.example", None),
        ("", None),
        (".", None),
        (".x", None),
    ],
)
def test_at_or_under(host: str, suffix: str | None) -> None:
    assert SUFFIXES.at_or_under(host) == suffix


@pytest.mark.parametrize("host", ["amazonaws.com", "windows.net"])
def test_suffixes_under_a_host(host: str) -> None:
    suffix = SUFFIXES.at_or_under(host)
    assert suffix is not None
    assert suffix.endswith(f".{host}")
    assert SUFFIXES.at_or_under(suffix) == suffix


def test_every_suffix_and_every_name_above_one() -> None:
    assert len(PLAIN) > 10_000
    for suffix in PLAIN:
        labels = suffix.split(".")
        for depth in range(len(labels)):
            host = ".".join(labels[depth:])
            found = SUFFIXES.at_or_under(host)
            assert found is not None
            assert found == host or found.endswith(f".{host}")
            assert LIST.publicsuffix(found) == found, f"{found} is not a public suffix"
        below = f"example.{suffix}"
        assert SUFFIXES.site(below) == LIST.privatesuffix(below)
        assert SUFFIXES.site(suffix) == LIST.privatesuffix(suffix)


LABELS = st.sampled_from(["a", "xn--p1ai", "com", "uk", "co", "ck", "www", "kawasaki", "jp", "s3"])
HOSTS = st.builds(
    lambda labels, rule: ".".join([*labels, rule.lstrip("*!").removeprefix(".")]),
    st.lists(LABELS, max_size=3),
    st.sampled_from(RULES) | LABELS,
)


@given(HOSTS)
@example("city.kawasaki.jp")
@example("a.city.kawasaki.jp")
@example("a.b.kawasaki.jp")
@example("www.ck")
@example("a.ck")
def test_hosts_around_suffixes(host: str) -> None:
    site = naive_site(host)
    assert SUFFIXES.site(host) == SUFFIXES.site(f"{host}.") == site
    under = [rule for rule in PLAIN if rule == host or rule.endswith(f".{host}")]
    found = SUFFIXES.at_or_under(host)
    assert (found is not None) == (site is None or under != [])
    assert found in (None, host, *under)


def test_suffixes_by_parent() -> None:
    lines = ["// c.d", "", "b.c.d // e.f", "*.x.c.d", "!y.x.c.d", " a.d ", "个.中\n", "a"]
    assert suffixes_by_parent(lines) == {"d": "b.c.d", "c.d": "b.c.d", "xn--fiq": "xn--ciq.xn--fiq"}


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("a.b.example.com", "example.com"),
        ("example.co.uk.", "example.co.uk"),
        ("a.github.io", "a.github.io"),
        ("github.io", None),
        ("com", None),
        ("192.168.0.1", None),
        ("[::1]", None),
    ],
)
def test_site(host: str, site: str | None) -> None:
    assert SUFFIXES.site(host) == site


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["// MPL", "", "// VERSION: 2026-10-22_08-36-41_UTC", "1.0.2.20250101"], (2026, 10, 22)),
        (["// MPL", "1.0.2.20250131"], (2025, 1, 31)),
        (["// VERSION: none", "0.9.4"], None),
        ([], None),
    ],
)
def test_the_date_of_a_list(texts: list[str], expected: tuple[int, int, int] | None) -> None:
    assert date_of(texts) == (expected and date(*expected))


def test_an_outdated_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SUFFIXES.outdated() is None
    today = datetime.now(timezone.utc).date()
    for age, is_outdated in [(729, False), (732, True)]:
        listed = today - timedelta(age)
        monkeypatch.setattr(suffixes, "_load_date", lambda listed=listed: listed)
        assert SUFFIXES.outdated() == (listed if is_outdated else None)
    monkeypatch.setattr(suffixes, "_load_date", lambda: None)
    assert SUFFIXES.outdated() is None


def test_a_list_without_a_date_has_that_of_its_package(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("// VERSION: 2025-01-02_03-04-05_UTC\ncom\n")
    assert read_date(path) == date(2025, 1, 2)
    path.write_text("// MPL\n\ncom\n")
    released = version("publicsuffixlist").rpartition(".")[2]
    assert f"{read_date(path):%Y%m%d}" == released
    path.write_text("com\n" * 20 + "// VERSION: 2025-01-02_03-04-05_UTC\n")
    assert f"{read_date(path):%Y%m%d}" == released, "only the header is read"


def test_the_installed_list_has_a_date() -> None:
    assert suffixes._load_date() is not None  # noqa: SLF001 - read once in a process
