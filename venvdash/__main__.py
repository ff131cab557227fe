"""`python -m venvdash`."""

from venvdash.cli import main

main()
