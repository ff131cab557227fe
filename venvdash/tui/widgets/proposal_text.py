"""What changes would do, as the text that people read before they say yes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from textual.content import Content

from venvdash.actions.process.run_log import typed
from venvdash.model import PackageChange, Proposal
from venvdash.presentation.labels import verb_of
from venvdash.text import counted, short_path, visible, with_tilde
from venvdash.tui.widgets.plan_text import head_of

_MUTED = "$text-muted"
_WARNING = "$text-warning"
_MOST_PACKAGES = 500  # of one environment
_SIGNS = {"installed": "+", "uninstalled": "-", "reinstalled": "~"}


def describe_proposals(proposals: Sequence[Proposal], home: Path | None) -> Content:
    """Return what each would do and what is lost by it, then what cannot be done and why."""
    possible = [proposal for proposal in proposals if not proposal.refusal]
    refused = [proposal for proposal in proposals if proposal.refusal]
    lines: list[Content] = []
    if refused and len(proposals) > 1:
        left = f"{len(refused)} skipped (see below)."
        words = left if possible else "None of these changes can be made."
        lines += [Content.styled(words, _WARNING), Content("")]
    for proposal in possible:
        lines += [*_possible(proposal, home), Content("")]
    for proposal in refused:
        lines += [*_refused(proposal, home), Content("")]
    return Content("\n").join(lines[:-1])


def _possible(proposal: Proposal, home: Path | None) -> Iterator[Content]:
    yield from head_of(proposal.row, home)
    for sentence in proposal.warns:
        yield Content.assemble("  ", ("! ", _WARNING), _sentence(sentence, home))
    for sentence in proposal.says:
        yield Content.assemble("  ", _sentence(sentence, home))
    for link in proposal.links:
        target = with_tilde(visible(link.target), home)
        yield Content(f"  creates the link {short_path(link.path, home)} -> {target}")
    for edit in proposal.edits:
        yield Content(f"  {verb_of(edit)} {short_path(edit.path, home)}")
    for command in proposal.commands:
        shown = with_tilde(visible(typed(command)), home)
        yield Content.assemble("  runs ", (shown, "bold"))
    yield from _packages(proposal.packages)


def _packages(changes: Sequence[PackageChange]) -> Iterator[Content]:
    if changes:
        yield Content(f"  {counted(len(changes), 'package')} would change:")
    for change in changes[:_MOST_PACKAGES]:
        sign = _SIGNS.get(change.action, "·")
        words = f"{visible(change.name, 128)} {visible(change.version, 64)}".rstrip()
        yield Content.assemble(f"    {sign} {words}", (f"  {visible(change.action, 64)}", _MUTED))
    if len(changes) > _MOST_PACKAGES:
        yield Content.styled(f"    and {len(changes) - _MOST_PACKAGES} more", _MUTED)


def _refused(proposal: Proposal, home: Path | None) -> Iterator[Content]:
    yield from head_of(proposal.row, home)
    why = Content.assemble(
        (f"Cannot {proposal.action.value}: ", _WARNING), _sentence(proposal.refusal, home)
    )
    yield Content.assemble("  ", why)
    if proposal.distrusted is not None:
        yield Content.assemble("  ", ("t", "bold"), " trusts it until you quit, and checks again")


def _sentence(raw: str, home: Path | None) -> Content:
    """Return a sentence fit to show; of one in several lines each as it is."""
    lines = [with_tilde(visible(line), home) for line in raw.split("\n")]
    return Content("\n  ".join(lines))
