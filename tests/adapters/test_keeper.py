"""TableKeeper: a table that follows its configuration. tests/django/test_apps.py has more."""

from __future__ import annotations

import pytest

from corswsgi import PolicyError
from corswsgi.adapters import UNSET, Layer, PolicyTable, Route, TableKeeper, ViewLayers, read_layer
from corswsgi.errors import Notice

APP, OTHER = "https://app.example.com", "https://other.example"


class Keeper(TableKeeper):
    def __init__(self, **options: object) -> None:
        self.options = options
        self.changes = 0
        self.view = ViewLayers()

    def read_configuration(self) -> object:
        return {**self.options}

    def make_table(self) -> PolicyTable:
        layer = read_layer(UNSET, self.options).layer
        route = Route("view", "/", False, self.view)
        return PolicyTable([layer], routes=lambda: [route])

    def on_change(self) -> None:
        self.changes += 1

    @property
    def origins(self) -> object:
        policy = self.table.find("/").policy
        return policy and policy.origins


@pytest.mark.parametrize("strict", [True, False])
def test_a_keeper_follows_its_configuration(strict: bool) -> None:
    keeper = Keeper(origins=[APP])
    assert keeper.origins == (APP,)
    first = keeper.table
    keeper.follow(strict=strict)
    assert (keeper.table, keeper.changes) == (first, 0)
    keeper.options["origins"] = [OTHER]
    assert keeper.table is first
    keeper.follow(strict=strict)
    assert (keeper.origins, keeper.changes) == ((OTHER,), 1)


@pytest.mark.parametrize("where", ["configuration", "view"])
def test_strict_problems_are_raised_each_time_and_logged_once(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An error handler of the application may hide what is raised."""
    keeper = Keeper(origins=["null"] if where == "configuration" else [APP])
    if where == "view":
        keeper.view = ViewLayers([Layer({"max_age": "soon"})])
    for _ in range(3):
        with pytest.raises(PolicyError) as raised:
            keeper.follow(strict=True)
    (record,) = caplog.records
    assert getattr(record, "reason", "") == "policy_invalid"
    assert str(raised.value) in record.getMessage()


@pytest.mark.parametrize("hint", ["Write this.", None])
def test_notices_are_logged_once(hint: str | None, caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper(origins=[APP])
    notice = Notice("max_age", 1, "deprecated_option", "has no effect.", hint)
    for _ in range(2):
        keeper.log_notices([notice, notice])
    (record,) = caplog.records
    assert (record.levelname, getattr(record, "reason", "")) == ("WARNING", "deprecated_option")
    assert record.getMessage() == f"max_age has no effect.{f' {hint}' if hint else ''}"


def test_notices_that_are_reported_in_another_way_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keeper = Keeper(origins=[APP])
    first, second = (Notice("max_age", 1, "long_max_age", text) for text in ("is 1.", "is 2."))
    keeper.skip_notices([first])
    keeper.log_notices([first, second])
    assert caplog.messages == ["max_age is 2."]
