"""A plan in words: what it says, and that both faces say the same."""

from dataclasses import replace

import pytest

from tests.terminal import HOSTILE
from tests.tui.rows import HOME, STORE, row
from venvdash import model
from venvdash.cli.deletions import deletion
from venvdash.cli.pipeline import run
from venvdash.config import Config
from venvdash.presentation.plans import plan_in_words
from venvdash.presentation.roles import Role
from venvdash.session import Session
from venvdash.system.machine import Machine
from venvdash.tui.cells import STATUS_MARKS
from venvdash.tui.widgets.document_text import in_colours

GONE = "/home/ada/code/old is not there; /home/ada/code is, and can be read."
OLD = row("old", model.Status.ORPHAN, mib=100, reclaimable=40, cache=60, reason=GONE)
LIVE = row("live", model.Status.LINKED, mib=10, reclaimable=1, cache=9)
SCRATCH = row(
    *("scratch", model.Status.STANDALONE),
    mib=5,
    reclaimable=5,
    cache=0,
    flags=frozenset({model.Flag.USER_FILES, model.Flag.ALIAS, model.Flag.VOLATILE}),
)


def with_tool(item: model.Row) -> model.Row:
    traits = replace(item.environment.traits, tool="uv tool uninstall ruff")
    return replace(item, environment=replace(item.environment, traits=traits))


def everything() -> model.Plan:
    """Return a plan that has one of all there is to say."""
    alias = replace(LIVE, environment=replace(LIVE.environment, target=HOME / "elsewhere"))
    about = replace(SCRATCH, usage=SCRATCH.usage and replace(SCRATCH.usage, exact=False))
    items = (
        model.Item(
            OLD,
            only_here=(
                model.Package("mine", "1.0", "file:///src/mine"),
                model.Package("lost", "2"),
            ),
            edits=(model.Edit(HOME / "envs.toml", "a", None),),
            links=(model.Link(HOME / "code/old/.venv", "x"),),
        ),
        model.Item(about),
        model.Item(row("half", model.Status.UNKNOWN)),
        model.Item(alias, how=model.Removal.UNLINK),
        model.Item(
            with_tool(row("ruff", model.Status.TOOL, mib=5, reclaimable=5, cache=0)),
            how=model.Removal.TOOL,
            command="uv tool uninstall ruff",
        ),
    )
    return model.Plan(
        model.Action.DELETE,
        items,
        refused=(model.Refusal(STORE / "used", "used", "It is in use: pid 7 (python3)."),),
        reclaimable=51 * 1024**2,
        cache_held=60 * 1024**2,
        packages_only_in_cache=tuple(f"package{number:02}" for number in range(15)),
        unreadable=2,
    )


def test_everything_that_a_plan_says_is_said() -> None:
    assert [line.text for line in plan_in_words(everything(), HOME)] == [
        "Reclaimable: 51.0 MiB; 60.0 MiB usually stays in uv's cache.",
        "Packages used nowhere else: "
        + ", ".join(f"package{number:02}" for number in range(12))
        + " and 3 more.",
        "Not in use (2 processes could not be inspected).",
        "1 skipped, see the reasons below.",
        "",
        "old  orphan  40.0 MiB reclaimable  +cache 60.0 MiB",
        "  ~/code/old is not there; ~/code is, and can be read.",
        "  ~/.cache/uv/environments-v2/old-3f2a9c1d",
        "  only here: mine 1.0 from file:///src/mine, lost 2",
        "  removes the project's link ~/code/old/.venv",
        "  changes ~/envs.toml, which refers to it",
        "",
        "scratch  standalone  about 5.0 MiB reclaimable  +cache 0 B",
        "  ~/code/scratch is what its name was made from.",
        "  ~/.cache/uv/environments-v2/scratch-3f2a9c1d",
        "  user-files: contains files that no package or tool installed",
        "",
        "half  unknown  size not measured",
        "  ~/code/half is what its name was made from.",
        "  ~/.cache/uv/environments-v2/half-3f2a9c1d",
        "",
        "live  linked",
        "  ~/code/live is what its name was made from.",
        "  ~/.cache/uv/environments-v2/live-3f2a9c1d",
        "  deletes only the link; its target ~/elsewhere stays",
        "",
        "ruff  tool  5.0 MiB reclaimable  +cache 0 B",
        "  ~/code/ruff is what its name was made from.",
        "  ~/.cache/uv/environments-v2/ruff-3f2a9c1d",
        "  runs uv tool uninstall ruff, which cannot be undone",
        "",
        "Skipped",
        "! used  It is in use: pid 7 (python3).",
        "  ~/.cache/uv/environments-v2/used",
    ]


def test_where_nothing_is_to_be_done() -> None:
    assert [line.text for line in plan_in_words(model.Plan(model.Action.DELETE, ()), HOME)] == [
        "Nothing to delete."
    ]
    refused = model.Plan(model.Action.DELETE, (), everything().refused)
    assert plan_in_words(refused, HOME, sums_last=True)[-1].text == "None of these can be deleted."


def printed(plan: model.Plan, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what the command line shows of a plan."""
    session = Session(Machine(home=HOME), Config(), records=False)
    run(deletion(session, plan, now=False, clean_cache=False, quiet=False), dry_run=True)
    return capsys.readouterr().out.splitlines()


def drawn(plan: model.Plan) -> list[str]:
    """Return what the dashboard shows of a plan, without the marks of the statuses."""
    lines = in_colours(plan_in_words(plan, HOME)).plain.split("\n")
    marks = tuple(f"{mark} " for mark in STATUS_MARKS.values() if mark != "!")
    return [line[2:] if line.startswith(marks) else line for line in lines]


@pytest.mark.parametrize("items", [5, 1, 0])
def test_both_faces_show_the_same_sentences(items: int, capsys: pytest.CaptureFixture[str]) -> None:
    plan = replace(everything(), items=everything().items[:items])
    shown, hint = drawn(plan), "Use `--clean-cache` to remove these packages from uv's cache."
    lines = printed(plan, capsys)
    assert sorted(line for line in lines if line != hint) == sorted(shown)
    assert lines[-1] == hint, "how is said where the dashboard has a key"


def test_names_are_fit_to_show_and_never_markup() -> None:
    for name in HOSTILE:
        hostile = replace(row("x", model.Status.ORPHAN, mib=1, reason=name), name=name)
        links = (model.Link(HOME / name.replace("/", "_") / ".venv", name),)
        only = (model.Package(name, name, name),)
        plan = model.Plan(
            model.Action.DELETE,
            (
                model.Item(
                    with_tool(hostile), only, links=links, how=model.Removal.TOOL, command=name
                ),
            ),
            (model.Refusal(HOME / name, name, name),),
        )
        text = in_colours(plan_in_words(plan, HOME)).plain
        assert text.replace("\n", "").isprintable()
        assert not {"\u202e", "\u200b", "\x1b"} & set(text)
        assert len(in_colours(plan_in_words(plan, HOME)).spans) == sum(
            piece.role is not Role.PLAIN and bool(piece.text)
            for line in plan_in_words(plan, HOME)
            for piece in line.pieces
        ) + sum(line.status is not None for line in plan_in_words(plan, HOME)), "no style of theirs"


@pytest.mark.parametrize(
    ("exact", "at_most", "said"),
    [
        (True, False, "51.0"),
        (False, False, "about 51.0"),
        (False, True, "at most 5"),
    ],
)
def test_how_sure_the_sum_is_is_said(exact: bool, at_most: bool, said: str) -> None:
    plan = replace(everything(), exact=exact, at_most=at_most)
    assert f"Reclaimable: {said}" in next(line.text for line in plan_in_words(plan, HOME))
