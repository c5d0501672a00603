"""Options in a config with other keys, and options of other libraries."""

from __future__ import annotations

from typing import Any

from corswsgi.adapters import ConfigNames, drop_ignored, read_config

APP = "https://app.example.com"
NAMES = ConfigNames("CORS_")


def test_names() -> None:
    assert NAMES.option("max_age", -1) == "CORS_MAX_AGE"
    assert NAMES.assignment("max_age", "600") == "CORS_MAX_AGE = 600"


def test_read_config() -> None:
    config: dict[str, Any] = {
        "CORS_ORIGINS": iter([APP]),
        "CORS_METHODS": ["GET"],
        "CORS_OLD": 1,
        "DEBUG": True,
    }
    expected = {"origins": (APP,), "methods": ("GET",), "old": 1}
    for _ in range(2):
        assert read_config(config, "CORS_", ["origins", "methods"], ["old"]) == (expected, [])
    assert config["CORS_METHODS"] == ["GET"]


def test_unknown_keys() -> None:
    config = {"CORS_ORIGIN": 1, "CORS_origins": 2, "CORS_ENABLED": 3}
    options, problems = read_config(config, "CORS_", ["origins", "max_age"], ["old"])
    assert options == {}
    assert [(problem.option, problem.value, problem.reason) for problem in problems] == [
        (key, value, "unknown_option") for key, value in config.items()
    ]
    hints = [problem.hint for problem in problems]
    assert hints[:2] == ["did you mean 'CORS_ORIGINS'?"] * 2
    assert hints[2] == "the keys are CORS_ORIGINS, CORS_MAX_AGE."


def test_drop_ignored() -> None:
    options, notices = drop_ignored({"old": 1, "max_age": 2}, {"old": "it is old"}, NAMES)
    assert options == {"max_age": 2}
    [notice] = notices
    assert (notice.option, notice.value, notice.reason) == ("CORS_OLD", 1, "deprecated_option")
    assert notice.message == "has no effect, because it is old."
