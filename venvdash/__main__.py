"""`python -m venvdash`, and where the `venvdash` program begins."""

import signal
import sys

from venvdash.without_scan import command_line

# While modules are imported nothing has begun: Ctrl+C ends it without a word.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    """Answer at once what can be, or open the dashboard; else run the command line.

    Ends with its exit status.
    """
    if command_line.answered(sys.argv[1:]):
        return
    try:
        from venvdash.tui import start

        if start.opened(sys.argv[1:]):
            return
        from venvdash.cli import main as run
    except ModuleNotFoundError as error:  # a clone whose dependencies are not installed
        sys.exit(
            f"venvdash needs {error.name}, which is not installed. In a clone of the repository "
            "run: python3 -m pip install -qU --target .tools uv && .tools/bin/uv run --no-dev "
            "venvdash"
        )
    run()


if __name__ == "__main__":
    main()
