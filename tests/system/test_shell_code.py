"""What shells are told, run by them in scripts, where the first thing wrong ends all."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from venvdash.system.shells import Activation, ShellError, family

WORST = "a $(touch x) `touch x` 'q\" ;touch x;\n!! %s {} \\ ~ * é\udcff"
_STRICT = {
    "bash": ("set -euo pipefail", "set -o posix; set -eu"),
    "zsh": ("set -eu", "setopt rcquotes ksharrays shwordsplit nounset nomatch; emulate sh"),
    "dash": ("set -eu",),
    "ksh": ("set -eu",),
    "mksh": ("set -eu",),
}
_SAYS = """
printf '%s\\0' "${VIRTUAL_ENV-none}" "$PATH" "${PYTHONPATH-none}" "$PWD" "${CONDA_PREFIX-none}"
deactivate
printf '%s\\0' "${VIRTUAL_ENV-none}" "$PATH" "${PYTHONPATH-none}" "${CONDA_PREFIX-none}"
"""


@pytest.mark.parametrize(
    ("shell", "options"), [(name, each) for name, all_ in _STRICT.items() for each in all_]
)
@pytest.mark.parametrize("conda", [False, True])
def test_in_a_strict_script(tmp_path: Path, shell: str, options: str, conda: bool) -> None:
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}, which is not installed")
    prefix = tmp_path / WORST
    (prefix / "bin").mkdir(parents=True)
    if conda:
        (prefix / "conda-meta").mkdir()
    made = Activation.of(prefix, "api", platform="linux", directory=prefix)
    found = family(shell)
    assert found is not None
    done = subprocess.run(
        [shell],
        input=os.fsencode(f"{options}\n{found.code(made)}{found.code(made)}{_SAYS}"),
        cwd=tmp_path,
        env={
            "PATH": f"/usr/bin:/bin::{prefix}/bin:/x",
            "HOME": str(tmp_path),
            "PYTHONPATH": "mine",
            "CONDA_PREFIX": "/base",
        },
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    told = [os.fsdecode(part) for part in done.stdout.split(b"\0")]
    plain = "/usr/bin:/bin::/x"
    environment = "none" if conda else str(prefix)
    active = [environment, f"{prefix}/bin:{plain}", "none", str(prefix)]
    assert told[:5] == [*active, str(prefix) if conda else "/base"]
    assert told[5:] == ["none", plain, "mine", "/base", ""]
    assert list(tmp_path.rglob("x")) == []


def test_a_shell_that_cannot_be_told_says_so(tmp_path: Path) -> None:
    bytes_in_it = Activation.of(tmp_path / "\udcff", "x", platform="linux")
    broken = Activation.of(tmp_path / "a\nb", "x", platform="linux")
    for name, made in (
        ("nu", bytes_in_it),
        ("pwsh", bytes_in_it),
        ("tcsh", broken),
        ("cmd", broken),
    ):
        told = family(name)
        assert told is not None
        with pytest.raises(ShellError, match=r"\.$"):
            told.activating(made, {"PATH": "/bin"})


def test_quotes_hold_in_powershell() -> None:
    told = family("pwsh")
    assert told is not None
    assert told.quote("a'b\u2019c$(x)`n") == "'a''b\u2019\u2019c$(x)`n'"
