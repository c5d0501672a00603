"""Names: problems are worded with the names of a configuration."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corswsgi import PolicyError
from corswsgi.errors import Problem
from corswsgi.names import OPTION_NAMES, Names
from corswsgi.policy import make_policy
from corswsgi.validation import OPTIONS, read_options


class SettingNames(Names):
    """Settings in the style of django-cors-headers."""

    def option(self, option: str, value: object = None) -> str:
        if option == "origins" and value == "*":
            return "CORS_ALLOW_ALL_ORIGINS"
        if option == "origins" and isinstance(value, re.Pattern):
            return "CORS_ALLOWED_ORIGIN_REGEXES"
        return f"CORS_{option.upper()}"

    def assignment(self, option: str, source: str) -> str:
        if (option, source) == ("origins", '"*"'):
            return "CORS_ALLOW_ALL_ORIGINS = True"
        return f"{self.option(option)} = {source}"

    def expression(self) -> str:
        return "CORS_ALLOWED_ORIGIN_REGEXES"


class LayerNames(Names):
    """Options that different layers set."""

    def __init__(self, layers: dict[str, Names]) -> None:
        self._layers = layers

    def option(self, option: str, value: object = None) -> str:
        return self._layers.get(option, OPTION_NAMES).option(option, value)


SETTINGS = SettingNames()


def only(names: Names, **options: Any) -> Problem:
    (problem,) = read_options(options, names).problems
    return problem


def test_the_names_of_keyword_arguments() -> None:
    assert OPTION_NAMES.option("max_age", 3) == "max_age"
    assert OPTION_NAMES.assignment("origins", '"*"') == 'origins="*"'
    assert OPTION_NAMES.expression() == "re.compile(...)"
    assert OPTION_NAMES.expression_assignment("r'a'") == "re.compile(r'a')"
    assert (OPTION_NAMES.others, OPTION_NAMES.hidden_list) == ((), None)
    assert OPTION_NAMES.described("max_age") == "max_age"
    assert OPTION_NAMES.depth("max_age") == 0
    assert OPTION_NAMES.at("max_age") is OPTION_NAMES


OPTION_HOSTS = [f"https://{option}.example.com" for option in OPTIONS]


@pytest.mark.parametrize("origin", [*OPTION_HOSTS, "https://origins=max_age=.example.com"])
@pytest.mark.parametrize("names", [OPTION_NAMES, SETTINGS])
def test_values_are_never_renamed(origin: str, names: Names) -> None:
    """An option's name in an origin is not an option."""
    problem = only(names, origins=f"{origin}/")
    assert problem.value == f"{origin}/"
    assert problem.message.startswith(f"'{origin}/' is not ")
    assert "CORS_" not in problem.message
    if origin in OPTION_HOSTS:
        assert problem.hint == f"did you mean '{origin}'?"


@pytest.mark.parametrize("option", OPTIONS)
def test_names_of_headers_are_never_renamed(option: str) -> None:
    problem = only(SETTINGS, origins="*", allow_headers=f"{option}:")
    assert problem.option == "CORS_ALLOW_HEADERS"
    assert problem.message.startswith(f"'{option}:' is not ")


@pytest.mark.parametrize(
    ("options", "option", "hint"),
    [
        (
            {},
            "CORS_ORIGINS",
            (
                'list them, as in CORS_ORIGINS = ["https://app.example.com"]. For a '
                "public API, write CORS_ALLOW_ALL_ORIGINS = True."
            ),
        ),
        (
            {"origins": "https://*"},
            "CORS_ORIGINS",
            (
                "to allow any origin, write "
                "CORS_ALLOW_ALL_ORIGINS = True. It cannot be combined with "
                "CORS_SUPPORTS_CREDENTIALS."
            ),
        ),
        (
            {"origins": "https://a..b"},
            "CORS_ORIGINS",
            (
                "enter window.origin in the browser's "
                "console to see the origin of a page. For a regular expression, use "
                "CORS_ALLOWED_ORIGIN_REGEXES."
            ),
        ),
        (
            {"origins": r"https://.*\.a\.test"},
            "CORS_ORIGINS",
            (
                "did you mean 'https://*.a.test'? For a "
                "regular expression, use CORS_ALLOWED_ORIGIN_REGEXES."
            ),
        ),
        (
            {"origins": re.compile(r"a\.b")},
            "CORS_ALLOWED_ORIGIN_REGEXES",
            r"did you mean r'https://a\.b'?",
        ),
        (
            {"origins": "*", "allow_headers": "X-*"},
            "CORS_ALLOW_HEADERS",
            'list the names, or write CORS_ALLOW_HEADERS = "*".',
        ),
        (
            {"origins": "*", "supports_credentials": 2},
            "CORS_SUPPORTS_CREDENTIALS",
            (
                "write CORS_SUPPORTS_CREDENTIALS = True, or leave it out. (The string 'False' "
                "would be true.)"
            ),
        ),
        (
            {"origins": "*", "supports_credentials": 0},
            "CORS_SUPPORTS_CREDENTIALS",
            (
                "write CORS_SUPPORTS_CREDENTIALS = False. To read it from an environment variable, "
                "write CORS_SUPPORTS_CREDENTIALS = "
                'os.environ.get("CORS_SUPPORTS_CREDENTIALS", "false").lower() in ("1", "true", '
                '"yes", "on").'
            ),
        ),
        (
            {"origins": "*", "max_age": "a"},
            "CORS_MAX_AGE",
            "as in CORS_MAX_AGE = 600; 0 turns the cache off, None leaves the header out.",
        ),
        (
            {"origins": "*", "max_age": "1"},
            "CORS_MAX_AGE",
            (
                "write CORS_MAX_AGE = 1. To read it from an environment variable, write "
                'CORS_MAX_AGE = int(os.environ["CORS_MAX_AGE"]).'
            ),
        ),
        ({"origins": "*", "max_ages": 1}, "CORS_MAX_AGES", "did you mean 'CORS_MAX_AGE'?"),
        ({"origins": [3]}, "CORS_ORIGINS", 'as in CORS_ORIGINS = ["https://app.example.com"].'),
        (
            {"origins": "*", "supports_credentials": True},
            "CORS_ALLOW_ALL_ORIGINS",
            (
                "list the origins that you trust, instead of CORS_ALLOW_ALL_ORIGINS, as in "
                'CORS_ORIGINS = ["https://app.example.com"], or '
                "leave CORS_SUPPORTS_CREDENTIALS out."
            ),
        ),
        (
            {"origins": re.compile(".*"), "supports_credentials": True},
            "CORS_ALLOWED_ORIGIN_REGEXES",
            (
                'list the origins that you trust, as in CORS_ORIGINS = ["https://app.example.com", '
                '"https://*.example.com"]. If you trust all origins that it matches, write '
                'CORS_DANGEROUSLY_ALLOW = ["expressions"].'
            ),
        ),
        (
            {"origins": "http://a.test", "supports_credentials": True},
            "CORS_ORIGINS",
            (
                "did you mean 'https://a.test'? If HTTPS is not possible, write "
                "CORS_DANGEROUSLY_ALLOW = "
                '["insecure_origins"].'
            ),
        ),
        (
            {"origins": "https://*.com", "supports_credentials": True},
            "CORS_ORIGINS",
            (
                "did you mean 'https://*.YOUR-NAME.com'? If all names under it are yours, write "
                'CORS_DANGEROUSLY_ALLOW = ["public_suffixes"].'
            ),
        ),
    ],
)
def test_hints_with_other_names(options: dict[str, Any], option: str, hint: str) -> None:
    problem = only(SETTINGS, **options)
    assert (problem.option, problem.hint) == (option, hint)
    if options.get("supports_credentials") is True:
        assert "ith CORS_SUPPORTS_CREDENTIALS" in problem.message


# Every way in which an option can be wrong, and the words of its problems that are not names.
WRONG: dict[str, Any] = {
    "origins": ["*", "null", "https://A.test", "http://a.test", "https://*.com", 3, None, " "],
    "methods": ["*", "TRACE", "X-*", "a b", "/", 3],
    "allow_headers": ["*", "ETag", "Cookie", "Host", "Access-Control-Allow-Origin"],
    "expose_headers": ["*", "Set-Cookie", "If-Match"],
    "supports_credentials": True,
    "max_age": -1,
    "dangerously_allow": "x",
    "unknown": 1,
}


@given(st.fixed_dictionaries({}, optional={name: st.just(WRONG[name]) for name in WRONG}))
def test_no_text_has_the_name_of_a_keyword_argument(options: dict[str, Any]) -> None:
    """With names that share no word with the keyword arguments, none of them is in any text."""

    class Numbered(Names):
        def option(self, option: str, value: object = None) -> str:
            return f"<{[*OPTIONS, 'unknown'].index(option)}>"

        def assignment(self, option: str, source: str) -> str:
            return f"{self.option(option)}:{source}"

    for problem in read_options(options, Numbered()).problems:
        text = f"{problem.option} {problem.message} {problem.hint}"
        for option in OPTIONS:
            if option not in ("origins", "methods"):  # they are also words
                assert option not in text
        assert not re.search(r"\b(origins|methods)(=|'\?)", text)


def test_names_of_layers() -> None:
    names = LayerNames({"supports_credentials": SETTINGS})
    problem = only(names, origins="*", supports_credentials=True)
    assert problem.option == "origins"
    assert problem.message.startswith("all origins are allowed ('*'). With CORS_SUPPORTS_CRED")
    assert problem.hint == (
        'list the origins that you trust, as in origins=["https://app.example.com"], or leave '
        "CORS_SUPPORTS_CREDENTIALS out."
    )
    problem = only(LayerNames({"origins": SETTINGS}), origins="*", supports_credentials=True)
    assert problem.option == "CORS_ALLOW_ALL_ORIGINS"
    assert "With supports_credentials" in problem.message
    assert only(names, origins="*", max_agee=1).hint == "did you mean 'max_age'?"


def test_notices_have_the_names_too() -> None:
    options = {"origins": "*", "methods": "patch", "allow_private_network": True}
    notices = read_options(options, SETTINGS).notices
    assert [notice.option for notice in notices] == ["CORS_ALLOW_PRIVATE_NETWORK", "CORS_METHODS"]


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"methods": ["*", "PUT"]}, 'Write CORS_METHODS = "*", or only the other entries.'),
        ({"allow_headers": "ETag"}, "Did you mean CORS_EXPOSE_HEADERS? Otherwise remove it."),
        (
            {"allow_headers": "Cookie"},
            "Remove it. To allow cookies, use CORS_SUPPORTS_CREDENTIALS.",
        ),
        ({"max_age": 604800}, "Write CORS_MAX_AGE = 86400."),
    ],
)
def test_hints_of_notices_with_other_names(options: dict[str, Any], hint: str) -> None:
    (notice,) = read_options({"origins": "*", **options}, SETTINGS).notices
    assert notice.hint == hint


def test_make_policy_uses_names() -> None:
    with pytest.raises(PolicyError, match="CORS_MAX_AGE: -1 is not"):
        make_policy({"origins": "*", "max_age": -1}, SETTINGS)
