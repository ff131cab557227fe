"""Kill venvdash, or let its calls fail, at random moments: ``python -m tests.campaign --seed 1``.

Nothing may be lost, and nothing stay half-done that a second attempt does not end. A failure is
told with the number of its trial; ``--trial`` does only that one again.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.campaign import trials


def main() -> int:
    """Run it; the exit status says whether everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kills", type=int, default=0, help="go on until so many")
    parser.add_argument("--errors", type=int, default=0, help="go on until so many")
    parser.add_argument("--seconds", type=float, default=0.0, help="go on for so long")
    parser.add_argument("--trial", type=int, help="only the trial of this number")
    parser.add_argument("--only", default="", help="only this operation")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name).resolve()
        report = trials.until(
            directory,
            given.seed,
            kills=given.kills,
            errors=given.errors,
            seconds=given.seconds,
            trial=given.trial,
            only=given.only,
            tell=lambda text: print(text, file=sys.stderr, flush=True),
        )
    print(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
