"""Run ``tox -e fuzz``."""

from tests.fuzz.long_run import main

raise SystemExit(main())
