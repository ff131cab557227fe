"""Every flag is shown wherever environments are, in words that need no manual."""

import pytest

from tests.tui.rows import HOME, row
from venvdash.cli.listing_output import listed as listed_row
from venvdash.model import Action, Flag, Item, Plan
from venvdash.presentation.json_values import row_json
from venvdash.presentation.list_table import status_in_words
from venvdash.presentation.meanings import FLAG_MEANINGS
from venvdash.presentation.plans import plan_in_words
from venvdash.records.summaries import summary_of
from venvdash.tui.cells import flag_words
from venvdash.tui.widgets.detail import describe, reason

ELSEWHERE = {Flag.ALIAS, Flag.VOLATILE}  # a plan says these in words of their own


@pytest.mark.parametrize("flag", Flag)
def test_a_flag_is_shown_everywhere(flag: Flag) -> None:
    flagged = row("lab", mib=1, flags=frozenset({flag}))
    meaning = f"{flag.value}: {FLAG_MEANINGS[flag]}"
    if flag is not Flag.USER_FILES:  # which says what they are
        assert meaning in describe(flagged, HOME).plain
        shown = meaning in reason(summary_of(flagged), HOME).plain
        assert shown == (flag is not Flag.VOLATILE), "said of all of uv's, it hides what matters"
    assert row_json(flagged)["flags"] == [flag.value]
    listed = [] if flag is Flag.VOLATILE else [flag.value]
    assert flag_words(summary_of(flagged)) == listed
    assert status_in_words(listed_row(flagged, str(HOME))) == "linked" + "".join(
        f" [{word}]" for word in listed
    )
    said = [line.text for line in plan_in_words(Plan(Action.DELETE, (Item(flagged),)), HOME)]
    assert any(flag.value in line for line in said) == (flag not in ELSEWHERE)
