"""What a plan would change in packages: a sign and a style for each kind of change."""

from dataclasses import replace

import pytest
from textual.style import Style

from tests.tui.rows import row
from venvdash.model import Action, Package, PackageChange, Proposal, Status
from venvdash.presentation.colours import paint
from venvdash.presentation.document import Line
from venvdash.presentation.package_diff import planned_diff
from venvdash.presentation.proposals import proposals_in_words
from venvdash.presentation.roles import Role
from venvdash.tui.cells import ROLE_STYLES

KINDS = (Role.ADDED, Role.REMOVED, Role.CHANGED, Role.REINSTALLED)


def change(name: str, version: str, action: str) -> PackageChange:
    return PackageChange(name, version, action)


def signed(lines: list[Line]) -> list[tuple[str, Role]]:
    return [(line.pieces[1].text, line.pieces[1].role) for line in lines if len(line.pieces) == 2]


def test_each_kind_of_change_has_a_sign_and_a_role() -> None:
    changes = (
        change("rich", "14.0", "uninstalled"),
        change("numpy", "1.26.4", "uninstalled"),
        change("numpy", "2.1.0", "installed"),
        change("httpx", "0.28", "installed"),
        change("shop", "0.1", "reinstalled"),
    )
    lines = list(planned_diff(changes, ()).changes())
    assert lines[0].text == (
        "  4 packages would change: 1 added, 1 removed, 1 changed, 1 reinstalled"
    )
    assert signed(lines) == [
        ("+ httpx 0.28", Role.ADDED),
        ("± numpy 1.26.4 → 2.1.0", Role.CHANGED),
        ("- rich 14.0", Role.REMOVED),
        ("~ shop 0.1", Role.REINSTALLED),
    ]


def test_an_environment_that_is_recreated_is_compared_with_what_it_had() -> None:
    had = (Package("Rich", "14.0"), Package("numpy", "1.26.4"), Package("click", "8.1"))
    api = row("api", Status.LINKED)
    api = replace(api, environment=replace(api.environment, packages=had))
    proposal = Proposal(
        Action.SYNC,
        api,
        python="3.13",
        packages=(change("numpy", "2.1.0", "installed"), change("rich", "14.0", "installed")),
    )
    recreated = signed(proposals_in_words([proposal], None))
    assert ("- click 8.1", Role.REMOVED) in recreated
    assert ("± numpy 1.26.4 → 2.1.0", Role.CHANGED) in recreated
    assert ("~ Rich 14.0", Role.REINSTALLED) in recreated
    kept = signed(proposals_in_words([replace(proposal, python=None)], None))
    assert ("+ numpy 2.1.0", Role.ADDED) in kept


def test_what_nobody_can_read_is_cut_off_and_counted() -> None:
    changes = [change(f"p{number:04}", "1", "installed") for number in range(700)]
    lines = list(planned_diff(changes, ()).changes())
    assert len(lines) == 502
    assert lines[-1].text.strip() == "and 200 more"


@pytest.mark.parametrize("one", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_kinds_differ_without_colour_on_a_terminal_and_in_the_dashboard(
    one: Role, other: Role
) -> None:
    if one is other:
        return
    assert paint("x", one) != paint("x", other)
    first, second = (Style.parse(ROLE_STYLES[role].split("$")[0]) for role in (one, other))
    assert first != second
