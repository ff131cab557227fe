"""Changes other than deletions in words, the same for both faces: they style and print them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from venvdash.actions.process.run_log import typed
from venvdash.model import Action, Proposal
from venvdash.presentation.document import (
    Line,
    Piece,
    git_lines,
    head_of,
    in_blocks,
    plain,
    warning,
)
from venvdash.presentation.labels import verb_of
from venvdash.presentation.package_diff import planned_diff
from venvdash.presentation.roles import Role
from venvdash.text import short_path, visible, with_tilde


def verb_for(action: Action) -> str:
    """Return what an action does, in the infinitive."""
    return "create" if action is Action.NEW else action.value


def proposals_in_words(
    proposals: Sequence[Proposal], home: Path | None, trust: Line | None = None
) -> list[Line]:
    """Return what each would do and what is lost by it, then what cannot be done and why.

    ``trust`` says what allows another user's code to run, where that is what is missing.
    """
    possible = [_possible(proposal, home) for proposal in proposals if not proposal.refusal]
    refused = [_refused(proposal, home, trust) for proposal in proposals if proposal.refusal]
    skipped: list[Line] = []
    if refused and len(proposals) > 1:
        left = f"{len(refused)} skipped (see below)."
        skipped = [warning("", left if possible else "None of these changes can be made.")]
    return in_blocks([skipped, *possible, *refused])


def _possible(proposal: Proposal, home: Path | None) -> Iterator[Line]:
    yield from head_of(proposal.row, home)
    for sentence in proposal.warns:
        yield from _sentence(warning("  ", "! "), sentence, home)
    for sentence in proposal.says:
        yield from _sentence(plain("  "), sentence, home)
    for link in proposal.links:
        target = with_tilde(visible(link.target), home)
        yield plain(f"  creates the link {short_path(link.path, home)} -> {target}")
    for edit in proposal.edits:
        yield plain(f"  {verb_of(edit)} {short_path(edit.path, home)}")
    yield from git_lines(proposal.git, home)
    for command in proposal.commands:
        shown = with_tilde(visible(typed(command)), home)
        yield Line((Piece("  runs "), Piece(shown, Role.STRONG)))
    # An environment that gets another Python is deleted first, with all of its packages.
    replaced = proposal.action is Action.SYNC and proposal.python is not None
    before = proposal.row.environment.packages if replaced else ()
    yield from planned_diff(proposal.packages, before).changes()


def _refused(proposal: Proposal, home: Path | None, trust: Line | None) -> Iterator[Line]:
    yield from head_of(proposal.row, home)
    start = warning("  ", f"Cannot {verb_for(proposal.action)}: ")
    yield from _sentence(start, proposal.refusal, home)
    if proposal.distrusted is not None and trust is not None:
        yield trust


def _sentence(start: Line, raw: str, home: Path | None) -> Iterator[Line]:
    """Yield a sentence fit to show after ``start``; of one in several lines each as it is."""
    first, *others = (with_tilde(visible(line), home) for line in raw.split("\n"))
    yield Line((*start.pieces, Piece(first)))
    yield from (plain(f"  {line}") for line in others)
