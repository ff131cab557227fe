from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from venvdash.model import (
    Environment,
    EnvironmentIdentity,
    EvidenceKind,
    Row,
    Status,
    Traits,
    Verdict,
)
from venvdash.session import name_resolution, row_names
from venvdash.session.name_resolution import AmbiguousError, NotFoundError
from venvdash.system.machine import Machine

HOME = Path("/home/ada")
MACHINE = Machine(home=HOME, cwd=HOME / "code")
KINDS = ("uv", "venv", "virtualenvwrapper")


def environment(
    name: str, python: str = "3.12.1", kind: str = "uv", digest: str = ""
) -> Environment:
    path = HOME / ".store" / (f"{name}-{digest}" if digest else name)
    traits = Traits(kind, name, project_name=name if digest else None, digest=digest or None)
    return Environment(
        path, path, path.parent, "uv", traits, EnvironmentIdentity(1, 2, 3, 4), python=python
    )


def table(*entries: tuple[Environment, Status, str | None]) -> list[Row]:
    judged = [
        (
            env,
            Verdict(status, "because", (HOME / project,) if project else (), EvidenceKind.HASH),
        )
        for env, status, project in entries
    ]
    called = row_names.names(judged, {})
    return [Row(env, verdict, called[env.path]) for env, verdict in judged]


# The thread's own example: `foo` is enough, `bar` is not, `project1/bar` is.
FOO = environment("foo", digest="a1")
BAR_DOCS = environment("bar", digest="b1")
BAR_ONE = environment("bar", digest="b2")
NAMED = environment("Big_Data.tools", kind="venv", python="3.11.4")
ROWS = table(
    (FOO, Status.LINKED, "code/foo"),
    (BAR_DOCS, Status.LINKED, "Documents/bar"),
    (BAR_ONE, Status.LINKED, "project1/bar"),
    (NAMED, Status.STANDALONE, None),
)


def find(text: str, rows: list[Row] = ROWS, *, prefix: bool = False) -> list[Path]:
    query = name_resolution.parse(text, MACHINE, KINDS)
    return [row.path for row in name_resolution.matches(query, rows, prefix=prefix)]


def choose(text: str, rows: list[Row] = ROWS, **how: bool) -> list[Path]:
    query = name_resolution.parse(text, MACHINE, KINDS)
    options = {"changing": False} | how
    return [row.path for row in name_resolution.choose(query, rows, **options).rows]


def test_a_unique_name_is_enough() -> None:
    assert choose("foo") == choose("foo", changing=True) == [FOO.path]


def test_an_ambiguous_name_lists_the_shortest_unique_spellings() -> None:
    with pytest.raises(AmbiguousError) as caught:
        choose("bar")
    assert [text for text, _ in caught.value.options] == ["Documents/bar", "project1/bar"]
    for text, row in caught.value.options:
        assert choose(text, changing=True) == [row.path]


def test_a_path_suffix_only_fits_whole_folders() -> None:
    assert find("project1/bar") == [BAR_ONE.path]
    assert find("ect1/bar") == []
    assert find("1/bar") == []


def test_what_starts_like_a_path_is_one_and_nothing_else_is() -> None:
    assert find("/home/ada/code/foo") == [FOO.path]
    assert find("./foo") == [FOO.path]  # the current directory is ~/code
    assert find("../Documents/bar/") == [BAR_DOCS.path]
    assert find("~/project1/bar") == [BAR_ONE.path]
    assert find(str(BAR_ONE.path)) == [BAR_ONE.path]
    assert find("./bar") == []
    assert find("code/foo") == [FOO.path]  # a suffix, not a path below here


def test_exact_before_alike_before_suffix() -> None:
    assert (
        find("Big_Data.tools") == find("big-data-tools") == find("BIG.DATA_tools") == [NAMED.path]
    )
    assert find("b-d-t") == []


def test_no_fuzzy_matches_only_suggestions() -> None:
    with pytest.raises(NotFoundError) as caught:
        choose("big-dta-tools")
    assert "Big_Data.tools" in caught.value.suggestions


def test_a_prefix_serves_reading_commands_only() -> None:
    assert choose("big") == [NAMED.path]
    with pytest.raises(NotFoundError):
        choose("big", changing=True)


def test_kind_and_python_narrow() -> None:
    assert find("venv:big-data-tools") == [NAMED.path]
    assert find("uv:big-data-tools") == []
    assert find("foo@3.12") == find("foo@3.12.1") == [FOO.path]
    assert find("foo@3.1") == find("foo@3.11") == []
    assert find("nokind:foo") == []


OLD = environment("api", python="3.11.9", digest="c1")
NEW = environment("api", python="3.12.1", digest="c2")
SEVERAL = table((OLD, Status.REPLACED, "code/api"), (NEW, Status.LINKED, "code/api"))


def test_several_of_one_project_the_current_one_is_read_and_said() -> None:
    choice = name_resolution.choose(
        name_resolution.parse("api", MACHINE, KINDS), SEVERAL, changing=False
    )
    assert [row.path for row in choice.rows] == [NEW.path]
    assert "in use by its project (1 of 2)" in choice.note


def test_several_of_one_project_are_never_chosen_among_for_a_change() -> None:
    with pytest.raises(AmbiguousError) as caught:
        choose("api", SEVERAL, changing=True)
    assert [text for text, _ in caught.value.options] == ["api@3.11", "api@3.12"]
    assert choose("api@3.11", SEVERAL, changing=True) == [OLD.path]
    assert choose("api", SEVERAL, changing=True, every=True) == [OLD.path, NEW.path]


GONE = environment("api", digest="d1")
LIVE = environment("api", digest="d2")
MIXED = table((GONE, Status.ORPHAN, "old/api"), (LIVE, Status.LINKED, "code/api"))


def test_a_living_project_is_read_before_a_gone_one_and_said() -> None:
    choice = name_resolution.choose(
        name_resolution.parse("api", MACHINE, KINDS), MIXED, changing=False
    )
    assert [row.path for row in choice.rows] == [LIVE.path]
    said = f"its project exists; ignored 1 orphan of that name ({LIVE.path})"
    assert choice.note == f"{MIXED[1].name}: {said}"
    for every in (False, True):
        with pytest.raises(AmbiguousError):
            choose("api", MIXED, changing=True, every=every)


def test_names_are_the_project_told_apart_by_folder_and_python() -> None:
    assert [row.name for row in ROWS] == ["foo", "Documents/bar", "project1/bar", "Big_Data.tools"]
    assert [row.name for row in SEVERAL] == ["api@3.11", "api@3.12"]
    twice = table(
        (OLD, Status.LINKED, "x/api"),
        (environment("api", "3.11.2", digest="e"), Status.LINKED, "x/api"),
    )
    assert [row.name for row in twice] == ["api@3.11.9", "api@3.11.2"]
    copy = environment("copy", kind="venv")
    twins = table((environment("api"), Status.LINKED, "x/api"), (copy, Status.LINKED, "x/api"))
    assert [row.name for row in twins] == ["api (api)", "api (copy)"]
    assert choose("copy", twins, changing=True) == [copy.path]


def test_folders_tell_projects_of_one_name_apart() -> None:
    one, two = environment("app", digest="a"), environment("app", digest="b")
    judged = [
        (env, Verdict(Status.LINKED, "because", (HOME / "code" / folder,), EvidenceKind.HASH))
        for env, folder in ((one, "app"), (two, "app-v2"))
    ]
    metadata = {HOME / "code" / folder: "app" for folder in ("app", "app-v2")}
    assert row_names.names(judged, metadata) == {one.path: "app", two.path: "app-v2"}


def test_a_project_without_a_name_gives_none() -> None:
    one, two = environment("app", digest="a"), environment("web", digest="b")
    verdict = Verdict(Status.LINKED, "because", (Path("/"),), EvidenceKind.POINTER)
    judged = [(one, verdict), (two, verdict)]
    assert row_names.names(judged, {}) == {one.path: "app", two.path: "web"}


def test_implied_is_the_nearest_project_upwards(tmp_path: Path) -> None:
    project = tmp_path / "app"
    (project / "src" / "deep").mkdir(parents=True)
    linked = environment("app", digest="f1")
    rows = [
        Row(linked, Verdict(Status.LINKED, "", (project,)), "app@3.12"),
        Row(OLD, Verdict(Status.REPLACED, "", (project,)), "app@3.11"),
    ]
    assert name_resolution.implied(rows, project / "src" / "deep").rows == (rows[0],)
    (project / "src" / "pyproject.toml").write_text("")
    with pytest.raises(NotFoundError):
        name_resolution.implied(rows, project / "src" / "deep")
    (project / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["s*"]\n')
    assert name_resolution.implied(rows, project / "src" / "deep").rows == (rows[0],)
    with pytest.raises(NotFoundError):
        name_resolution.implied(rows, tmp_path)


def test_implied_follows_the_link_of_the_project(tmp_path: Path) -> None:
    real = tmp_path / "store" / "env"
    real.mkdir(parents=True)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".venv").symlink_to(real)
    traits = Traits("uv", "env")
    env = Environment(real, real, real.parent, "uv", traits, EnvironmentIdentity(1, 2, 3, 4))
    row = Row(env, Verdict(Status.STANDALONE, ""), "env")
    assert name_resolution.implied([row], tmp_path / "app").rows == (row,)


def test_a_project_without_an_environment_stops_the_search_upwards(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("")
    with pytest.raises(NotFoundError):
        name_resolution.implied(ROWS, inner)


_WORDS = st.text("aAb-_.@:3~1 /é", min_size=1, max_size=5).map(lambda text: text.strip("/") or "a")
_ROWS = st.lists(
    st.tuples(
        _WORDS, st.sampled_from(["3.12.1", "3.11.4"]), st.sampled_from(KINDS),
        st.sampled_from([Status.LINKED, Status.ORPHAN, Status.STANDALONE]), _WORDS,
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=examples(60), deadline=None)
@given(_ROWS, st.text("aAb-_.@:3~1 /é", max_size=6))
def test_whatever_they_are_called_each_has_a_name_that_means_only_it(
    found: list[tuple[str, str, str, Status, str]], text: str
) -> None:
    entries: list[tuple[Environment, Status, str | None]] = [
        (
            environment(name.replace("/", "-"), python, kind, digest=str(number)),
            status,
            None if status is Status.STANDALONE else f"code/{project}",
        )
        for number, (name, python, kind, status, project) in enumerate(found)
    ]
    rows = table(*entries)
    for row in rows:
        assert choose(name_resolution.spelling(row, rows), rows, changing=True) == [row.path]
    for changing in (False, True):
        several: tuple[tuple[str, Row], ...] = ()
        try:
            assert len(choose(text, rows, changing=changing)) == 1
        except AmbiguousError as error:
            several = error.options
        except NotFoundError:
            continue
        assert len(several) != 1
        for spelled, row in several:
            assert choose(spelled, rows, changing=True) == [row.path]
