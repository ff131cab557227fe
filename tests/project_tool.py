"""A tool that makes environments for projects, such as poetry, as a user runs it."""

from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Home


@dataclass
class ProjectTool:
    """A tool as the user of one HOME runs it; ``pythons`` are those that it may use."""

    home: Home
    program: Path
    pythons: tuple[Path, ...] = ()

    def write(self, name: str, text: str, file: str = "pyproject.toml") -> Path:
        """Write a project of one file, in which ``{name}`` is the project's name; return it."""
        path = self.home.path / "code" / name
        path.mkdir(parents=True)
        (path / file).write_text(text.replace("{name}", name))
        return path
