"""``python -m corswsgi``: see ``python -m corswsgi --help``."""

import sys

try:
    from .tools.command import main
except ModuleNotFoundError as error:
    sys.exit(f"python -m corswsgi needs {error.name}: pip install 'corswsgi[tools]'")

main(prog_name="python -m corswsgi")
