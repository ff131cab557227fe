"""Nothing outside the playground's directory changes, whatever the user's variables say."""

import os
import sys
from pathlib import Path

from tests.conftest import Home

_BUILD = """
import sys
from pathlib import Path
from venvdash.demo.playground import build

made = build(Path(sys.argv[1]), lambda words: None)
print(made.directory, *made.missing, sep="\\n")
"""


def listing(top: Path) -> dict[str, tuple[int, ...]]:
    """Return every path below ``top`` with all that a change of it would change."""
    found: dict[str, tuple[int, ...]] = {}
    for folder, folders, names in os.walk(top):
        for name in [".", *folders, *names]:
            path = os.path.join(folder, name)
            stat = os.lstat(path)
            found[path] = (stat.st_ino, stat.st_mode, stat.st_size, stat.st_mtime_ns, stat.st_nlink)
    return found


def test_nothing_outside_changes(home: Home, tmp_path: Path) -> None:
    variables = {
        "UV_CACHE_DIR": "cache",
        "UV_TOOL_DIR": "tools",
        "UV_TOOL_BIN_DIR": "tool-bin",
        "UV_PYTHON_INSTALL_DIR": "pythons",
        "UV_PROJECT_ENVIRONMENT": "shared-env",
        "VIRTUAL_ENV": "active-env",
        "UV_CONFIG_FILE": "uv.toml",
        "WORKON_HOME": "workon",
        "XDG_CONFIG_HOME": "xdg/config",
        "XDG_CACHE_HOME": "xdg/cache",
        "XDG_DATA_HOME": "xdg/data",
        "XDG_STATE_HOME": "xdg/state",
        "XDG_BIN_HOME": "xdg/bin",
        "TMPDIR": "temporary",
        "VENVDASH_CONFIG": "venvdash.toml",
    }
    for name, place in variables.items():
        path = home.path / place
        if path.suffix:
            path.write_text("")
        else:
            path.mkdir(parents=True)
        variables[name] = str(path)
    (home.path / ".virtualenvs").mkdir()
    before = listing(home.path)
    source = Path(__file__).resolve().parents[2]
    user = Home(home.path, home.variables | variables | {"PYTHONPATH": str(source)})
    done = user.run(sys.executable, "-B", "-c", _BUILD, tmp_path / "playground")
    assert listing(home.path) == before
    place, *missing = done.stdout.splitlines()
    assert Path(place) == tmp_path / "playground"
    assert not [line for line in missing if not line.startswith("data-lab's older")]
    assert {path.name for path in tmp_path.iterdir()} == {"home", "playground"}


def test_its_users_programs_stay_inside(home: Home, tmp_path: Path) -> None:
    from venvdash.demo.playground import build

    made = build(tmp_path / "p", lambda words: None)
    inside = Home(made.home, dict(made.variables))
    before = listing(home.path)
    project = made.made["webapp"].project
    assert project is not None
    assert inside.uv("cache", "dir").startswith(str(made.home))
    assert inside.uv("tool", "dir").startswith(str(made.home))
    assert inside.uv("python", "dir").startswith(str(made.home))
    inside.uv("sync", cwd=project)  # with the wheels made here, from uv's own configuration
    assert (project / ".venv").resolve() == made.made["webapp"].path
    assert listing(home.path) == before
