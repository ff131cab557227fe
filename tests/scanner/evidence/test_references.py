"""What else names an environment: real links, launchers, kernels, units and settings."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.scenario import rows, venv
from venvdash.model import Flag
from venvdash.scanner.evidence import references
from venvdash.scanner.projects.editor_settings import elements, interpreters


def found(home: Home, **variables: str) -> dict[str, set[str]]:
    """Return what names each environment, by its directory's name."""
    shown = rows(home)
    those = references.by_environment(
        references.read(home.machine(None, **variables)),
        [row.environment for row in shown.values()],
    )
    return {path.name: {f"{r.what}: {r.file.name}" for r in named} for path, named in those.items()}


@pytest.fixture
def environment(home: Home) -> Path:
    return venv(home.path / ".virtualenvs" / "lab")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def kernel(folder: Path, python: Path) -> Path:
    spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    return write(folder / "kernels" / "lab" / "kernel.json", json.dumps(spec))


def test_nothing_names_it(home: Home, environment: Path) -> None:
    assert found(home) == {}
    assert Flag.REFERENCED not in rows(home)[environment].environment.flags


def test_kernels_of_jupyter(home: Home, environment: Path) -> None:
    kernel(home.path / ".local" / "share" / "jupyter", environment / "bin" / "python")
    assert found(home) == {"lab": {"Jupyter kernel: kernel.json"}}
    assert Flag.REFERENCED in rows(home)[environment].environment.flags
    other = home.path / "elsewhere"
    assert found(home, JUPYTER_DATA_DIR=str(other)) == {}
    kernel(other, environment / "bin" / "python")
    assert found(home, JUPYTER_DATA_DIR=str(other)) == {"lab": {"Jupyter kernel: kernel.json"}}


@pytest.mark.parametrize(
    "line",
    [
        "ExecStart={path}/bin/python -m server --port 80",
        "ExecStart=-{path}/bin/server",
        'ExecStart="{path}/bin/python" "-m" "server"',
        'Environment="PATH={path}/bin:/usr/bin"',
        "Environment=VIRTUAL_ENV={path}",
        "WorkingDirectory={path}",
        "ExecStart=%h/.virtualenvs/lab/bin/python",
    ],
)
def test_units_of_systemd(home: Home, environment: Path, line: str) -> None:
    folder = home.path / ".config" / "systemd" / "user"
    text = f"[Service]\n{line.format(path=environment)}\n"
    write(folder / "server.service", text)
    assert found(home) == {"lab": {"systemd user unit: server.service"}}
    (folder / "server.service").unlink()
    write(folder / "other.service.d" / "override.conf", text)
    assert found(home) == {"lab": {"systemd user unit: override.conf"}}


def test_launchers(home: Home, environment: Path) -> None:
    programs = home.path / ".local" / "bin"
    write(programs / "script", f"#!{environment}/bin/python\nimport x\n")
    long = f"#!/bin/sh\n'''exec' \"{environment}/bin/python\" \"$0\" \"$@\"\n' '''\n"
    write(programs / "long", long)
    (programs / "link").symlink_to(environment / "bin" / "python")
    (programs / "relative").symlink_to("../../.virtualenvs/lab/bin/tool")
    write(programs / "other", "#!/usr/bin/env python\n")
    (programs / "binary").write_bytes(b"\x7fELF" + str(environment).encode())
    os.mkfifo(programs / "fifo")
    assert found(home) == {
        "lab": {f"launcher: {name}" for name in ("script", "long", "link", "relative")}
    }


def test_a_link_in_the_way_is_followed(home: Home, environment: Path) -> None:
    (home.path / "current").symlink_to(environment)
    kernel(home.path / ".local" / "share" / "jupyter", home.path / "current" / "bin" / "python")
    assert set(found(home)) == {"lab"}


def test_the_base_interpreter_names_no_environment(home: Home, environment: Path) -> None:
    base = os.path.realpath(environment / "bin" / "python")
    kernel(home.path / ".local" / "share" / "jupyter", Path(base))
    kernel(home.path / ".local" / "share" / "jupyter", Path(f"{environment}-old/bin/python"))
    assert found(home) == {}


def test_settings_of_editors(home: Home, environment: Path) -> None:
    python = environment / "bin" / "python"
    settings = home.path / ".config" / "Code" / "User" / "settings.json"
    write(
        settings,
        '{ // mine\n "x": 1,\n // "python.pythonPath": "/no/such",\n'
        ' "python.defaultInterpreterPath": "${userHome}/.virtualenvs/lab/bin/python",\n}\n',
    )
    options = home.path / ".config" / "JetBrains" / "PyCharm2026.1" / "options"
    write(
        options / "jdk.table.xml",
        "<application><component name='ProjectJdkTable'><jdk version='2'><name value='lab'/>"
        f"<homePath value='$USER_HOME$/{python.relative_to(home.path)}'/></jdk>"
        "<jdk><name value='no home'/></jdk></component></application>",
    )
    assert found(home) == {
        "lab": {"settings of Code: settings.json", "interpreter of PyCharm2026.1: jdk.table.xml"}
    }


def test_a_tool_is_not_flagged_for_its_own_launcher(home: Home) -> None:
    from venvdash.demo.wheels import make_wheel

    wheel = make_wheel(home.path, "hello", "1.0", {"hello.py": b""}, {"hello": "hello:main"})
    home.uv("tool", "install", "-q", wheel)
    assert found(home) == {"hello": {"launcher: hello"}}
    (row,) = rows(home).values()
    assert Flag.REFERENCED not in row.environment.flags


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"{" * 200_000, b"/" * 300_000, b'"/' * 100_000, b"<!DOCTYPE a [" * 99],
)
def test_hostile_files_name_nothing(home: Home, environment: Path, content: bytes) -> None:
    places = [
        ".local/share/jupyter/kernels/x/kernel.json",
        ".config/systemd/user/x.service",
        ".local/bin/x",
        ".config/Code/User/settings.json",
        ".config/JetBrains/x/options/jdk.table.xml",
        ".local/share/applications/x.desktop",
    ]
    for place in places:
        (home.path / place).parent.mkdir(parents=True, exist_ok=True)
        (home.path / place).write_bytes(content)
    assert found(home) == {}


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><jdk><name value="&b;"/></jdk>'
    assert elements(bomb) == []
    assert elements("<a x='1'><b/></a></oops>") == [("a", {"x": "1"}), ("b", {})]


def test_interpreters_in_settings() -> None:
    text = '{"python.pythonPath":"C:\\\\x\\\\python.exe", "python.defaultInterpreterPath" : ""}'
    assert list(interpreters(text)) == ["C:\\x\\python.exe"]
    assert list(interpreters('"python.pythonPath": 5')) == []


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("etc/cron.d/backup", "crontab"),
        ("etc/crontab", "crontab"),
        ("var/spool/cron/crontabs/ada", "crontab"),
        ("etc/systemd/system/backup.service", "systemd unit"),
        ("usr/local/share/jupyter/kernels/x/kernel.json", "Jupyter kernel"),
    ],
)
def test_what_the_system_runs(home: Home, environment: Path, place: str, what: str) -> None:
    file = write(home.path / "root" / place, f"0 5 * * * ada {environment}/bin/python -m backup\n")
    read = references.read(home.machine(LOGNAME="ada"), home.path / "root")
    python = str(environment / "bin" / "python")
    assert references.Reference(what, file, python) in read


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (".bashrc", "source {path}/bin/activate"),
        (".profile", 'export PATH="$HOME/.virtualenvs/lab/bin:$PATH"'),
        (".zshrc", "alias lab='. ~/.virtualenvs/lab/bin/activate && cd ~/lab'"),
        (".bash_aliases", "alias lab=${{HOME}}/.virtualenvs/lab/bin/lab"),
        (".config/fish/conf.d/lab.fish", "source ~/.virtualenvs/lab/bin/activate.fish"),
        (".config/fish/config.fish", "set -gx PATH $HOME/.virtualenvs/lab/bin $PATH"),
    ],
)
def test_start_files_of_shells(home: Home, environment: Path, place: str, line: str) -> None:
    file = write(home.path / place, f"# was {environment}/bin\n")
    assert found(home) == {}
    file.write_text(f"umask 22\n{line.format(path=environment)}\n")
    assert found(home) == {"lab": {f"start file of a shell: {file.name}"}}
