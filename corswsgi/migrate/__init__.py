"""Migration from Flask-CORS, django-cors-headers and wsgicors.

`find_migration` reads the effective configuration of an application, and writes the one of corswsgi
for it. `compare` fetches every route with both, as browsers do, and `report` prints the result.
"""

from .applications import MigrationError, find_django_migration, find_migration, load
from .comparison import Comparison, compare
from .migration import Migration, Snippet
from .report import report

__all__ = [
    "Comparison",
    "Migration",
    "MigrationError",
    "Snippet",
    "compare",
    "find_django_migration",
    "find_migration",
    "load",
    "report",
]
