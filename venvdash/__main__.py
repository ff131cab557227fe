"""`python -m venvdash`, and where the `venvdash` program begins."""

import signal

# While modules are imported nothing has begun: Ctrl+C ends it without a word.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from venvdash.cli import main

if __name__ == "__main__":
    main()
