"""`python -m venvdash`."""

import sys

try:
    from venvdash.cli import main
except ModuleNotFoundError as error:  # a clone whose dependencies are not installed
    sys.exit(
        f"venvdash needs {error.name}, which is not installed. In a clone of the repository run: "
        "python3 -m pip install -qU --target .tools uv && .tools/bin/uv run --no-dev venvdash"
    )

main()
