"""The command line ``python -m corswsgi``; see ``python -m corswsgi --help``."""

import sys

try:
    from .cli.command import main
except ModuleNotFoundError as _error:
    sys.exit(f"python -m corswsgi needs {_error.name}: pip install 'corswsgi[cli]'")

main(prog_name="python -m corswsgi")
