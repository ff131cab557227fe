"""What is written as TOML is read again by Python's own parser."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from venvdash.system import toml_text

KEYS = st.text("abcXYZ_-09", min_size=1, max_size=8)
STRINGS = st.text(st.characters(exclude_categories=["Cs"]))  # UTF-8 has no surrogates
SCALARS = (
    STRINGS
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_a_table_comes_back(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text.dumps(table, "A comment.").decode()) == table


def test_it_is_laid_out_for_people() -> None:
    table = {"name": 'a "b"\x7f', "links": [{"path": "/a", "to": {"x": [1, True]}}], "age": 1.5}
    assert toml_text.dumps(table, "Who wrote this.").decode() == (
        "# Who wrote this.\n"
        'name = "a \\"b\\"\\u007f"\n'
        "age = 1.5\n"
        "\n"
        "[[links]]\n"
        'path = "/a"\n'
        "to = {x = [1, true]}\n"
    )
