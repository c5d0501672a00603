"""TableKeeper: the policy table of a configuration that may change while requests are served."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from threading import Lock
from typing import cast

from corswsgi.errors import Notice
from corswsgi.log import logger

from .table import PolicyTable, log_invalid


class TableKeeper(ABC):
    """Makes a policy table at the first use, and again after the configuration has changed."""

    # The table, and before it the configuration that it is made of, so that they always match.
    _made: tuple[object, PolicyTable | None] = (None, None)
    # Whether problems of views were reported since the configuration has changed.
    _is_reported = False
    _logged: frozenset[str] = frozenset()
    _lock = Lock()

    @abstractmethod
    def read_configuration(self) -> object:
        """Return a copy of the configuration, to compare it with later ones."""

    @abstractmethod
    def make_table(self) -> PolicyTable:
        """Make the table of the configuration. Raises `PolicyError` with all of its problems."""

    @abstractmethod
    def on_change(self) -> None:
        """Forget what depends on the table. It is called after the table was replaced."""

    @property
    def table(self) -> PolicyTable:
        """The table of policies."""
        return self._made[1] or self.make_first_table()

    def make_first_table(self) -> PolicyTable:
        """Make the table. Its problems are raised."""
        made: object = self.read_configuration(), self.make_table()
        # If another thread was faster, its table stays. (A lock might wait for an import.)
        return cast(PolicyTable, vars(self).setdefault("_made", made)[1])

    def follow(self, *, strict: bool) -> None:
        """Follow a configuration that has changed, and report problems of views.

        If `strict`, every call raises the problems, and they are logged once, because an error
        handler of the application may hide them. Otherwise they are only logged, and the policies
        of the affected views refuse every origin.
        """
        with self._lock:
            seen = self.read_configuration()
            if seen != self._made[0] and strict:
                self.forget()
            elif seen != self._made[0]:
                # Other requests use the old table until the new one is complete and checked.
                table, error = PolicyTable.checked(self.make_table)
                self._made, self._is_reported = (seen, table), True
                self.on_change()
                if error is not None:
                    log_invalid(error)
            if not self._is_reported:
                self._raise_problems(strict=strict)
                self._is_reported = True

    def _raise_problems(self, *, strict: bool) -> None:
        try:
            self.table.report_problems(strict=strict)
        except Exception as error:
            if self._is_new(str(error)):
                log_invalid(error)
            raise

    def forget(self) -> None:
        """Make another table at the next use."""
        vars(self).pop("_made", None)
        self._is_reported = False
        self.on_change()

    def log_notices(self, notices: Iterable[Notice]) -> None:
        """Log each notice once."""
        for notice in notices:
            if self._is_new(text := _text_of(notice)):
                logger.warning("%s", text, extra={"reason": notice.reason})

    def skip_notices(self, notices: Iterable[Notice]) -> None:
        """Do not log these notices later, because they are reported in another way."""
        for notice in notices:
            self._is_new(_text_of(notice))

    def _is_new(self, text: str) -> bool:
        is_new = text not in self._logged
        self._logged |= {text}
        return is_new


def _text_of(notice: Notice) -> str:
    return f"{notice.sentence} {notice.hint or ''}".rstrip()
