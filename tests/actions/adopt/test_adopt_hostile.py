"""Projects that somebody prepared, or that change at the wrong moment."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.actions.adopt.adopting import Project, applied, project
from tests.actions.relinking import program_runs
from tests.conftest import Home
from tests.scenario import rows, venv
from venvdash.model import Outcome, Status
from venvdash.stores import default_store


def test_two_at_once(shop: Project) -> None:
    """One of them moves it, the other says why not, and it is whole."""
    with ThreadPoolExecutor() as pool:
        adopts = [
            pool.submit(shop.home.venvdash, "adopt", "--yes", cwd=shop.path, check=False)
            for _ in range(2)
        ]
        ended = [adopt.result() for adopt in adopts]
    assert sorted(one.returncode for one in ended)[0] == 0, ended
    assert not any("Traceback" in one.stderr for one in ended)
    place = shop.inside.resolve()
    assert [path.name for path in (shop.home.path / ".venvs").iterdir()] == [place.name]
    assert rows(shop.home)[place].verdict.status is Status.LINKED
    program_runs(shop.home, place)


def test_long_paths(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_store, "new_entry", lambda place, name: place / "shop-abc234")
    shop = project(home, "/".join(["long name of a projéct " + "x" * 40] * 3))
    assert len(os.fspath(shop.path)) > 200
    assert shop.out(shop.session()).outcome is Outcome.DONE
    program_runs(home, shop.entry)
    assert shop.back(shop.session()).outcome is Outcome.DONE
    program_runs(home, shop.inside)


def test_a_project_that_is_replaced_after_the_plan(shop: Project) -> None:
    session = shop.session()
    proposal = shop.proposal(session)
    other = shop.path.with_name("other")
    shop.path.rename(other)
    shop.path.symlink_to(other)
    assert applied(session, proposal).outcome is Outcome.SKIPPED
    shop.path.unlink()
    shutil.copytree(other, shop.path, symlinks=True)
    assert "replaced it" in applied(session, proposal).reason
    assert not os.path.lexists(shop.entry)
    assert (other / ".venv").is_dir()


def test_one_that_is_in_use(shop: Project) -> None:
    session = shop.session()
    with subprocess.Popen(
        [shop.inside / "bin" / "python", "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        result = shop.out(session)
        running.communicate(b"\n")
    assert result.outcome is Outcome.SKIPPED
    assert "in use" in result.reason
    assert result.reason.endswith("Nothing was changed.")
    assert shop.inside.is_dir()


def test_an_editable_project_with_data_files(shop: Project) -> None:
    package = shop.path / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "data.txt").write_text("kept")
    (site,) = (shop.inside / "lib").glob("python*/site-packages")
    (site / "shop.pth").write_text(f"{shop.path / 'src'}\n")
    code = (
        "import shop, pathlib as p; print(p.Path(shop.__file__).with_name('data.txt').read_text())"
    )
    for move in (shop.out, shop.back):
        assert move(shop.session()).outcome is Outcome.DONE
        assert shop.home.run(shop.inside / "bin" / "python", "-c", code).stdout == "kept\n"


def test_an_environment_that_lies_in_another(shop: Project) -> None:
    """What would take another environment with it stays."""
    inner = venv(shop.inside / "share" / "inner")
    other = shop.home.path / "code" / "second"
    other.mkdir()
    (other / ".venv").symlink_to(inner)
    (other / "pyproject.toml").write_text('[project]\nname = "second"\nversion = "1"\n')
    session = shop.session()
    assert inner in session.rows
    assert "inside it" in shop.proposal(session).refusal


@pytest.mark.parametrize("text", ["/etc", "../../..", "\0", "a\nb"])
def test_a_path_file_of_somebody(shop: Project, text: str) -> None:
    shutil.rmtree(shop.inside)
    shop.inside.write_text(text)
    done = shop.home.venvdash("adopt", cwd=shop.path, check=False)
    assert done.returncode == 1
    assert "its .venv is a file" in done.stderr
    assert shop.inside.read_text() == text


def test_a_link_in_the_place_of_pyvenv_cfg(shop: Project) -> None:
    (shop.inside / "pyvenv.cfg").rename(shop.path / "cfg")
    (shop.inside / "pyvenv.cfg").symlink_to(Path("..") / "cfg")
    before = shop.snapshot()
    result = shop.home.venvdash("adopt", "--yes", cwd=shop.path, check=False)
    assert result.returncode == 1
    assert "contains no environment" in result.stderr
    assert shop.snapshot() == before
