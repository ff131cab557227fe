"""The language of queries: what it means, and what it says of what it does not understand."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venvdash.model import Flag, Package, Status
from venvdash.model.quantities import DAY
from venvdash.model.query import Known
from venvdash.model.query_parser import EXAMPLES, QueryError, completions, parse
from venvdash.model.summary import Summary

NOW = 2_000_000_000.0
GIB = 1024**3
VALUES = {"kind": lambda: ["uv", "uv-tool", "poetry"], "store": lambda: ["uv", "poetry"]}
ROW = Summary(
    Path("/envs/api-3f2a"),
    "Api",
    Status.ORPHAN,
    store="uv",
    kind="uv",
    python="3.9.18",
    implementation="CPython",
    flags=frozenset({Flag.BROKEN}),
    on_disk=2 * GIB,
    reclaimable=GIB,
    files=12_000,
    used=NOW - 100 * DAY,
    projects=("/code/Api",),
    note="keep for #gpu runs",
)
PACKAGES = (Package("numpy", "1.26.4"), Package("Typing_Extensions", "4.9.0"))


def answer(
    text: str, row: Summary = ROW, packages: Sequence[Package] | None = PACKAGES
) -> bool | None:
    return parse(text, VALUES).decide(row, Known(NOW, lambda path: packages))


@pytest.mark.parametrize(
    "text",
    [
        *("", "api", "API 3f2a", "'#gpu runs'", '"keep for"', "broken", "/code/api"),
        *("status:orphan", "status:orphan,unknown", "STATUS:Orphan", "kind:uv", "store:uv"),
        *("flag:broken", "note:gpu", "note:'#gpu runs'", 'note:"#GPU"'),
        *("python:3.9", "python:3", "python:..3.9", "python:3.8..3.9", "python:3.9..", "python:<4"),
        *("size:1GB..", "size:..2GiB", "size:2GiB..2GiB", "size:1.5G..", "reclaimable:1GiB.."),
        *("files:10k..", "files:..12000", "used:90d..", "used:..1y", "used:3mo..4mo"),
        *("pkg:numpy", "pkg:NumPy", "pkg:typing-extensions@4", "pkg:numpy..1", "pkg:numpy@1.26"),
        *("pkg:numpy@1.20..2", "pkg:numpy<2", "pkg:numpy>=1.26,<2", "pkg:'numpy >= 1.26'"),
        *("not:web", "not:status:linked", "not:pkg:torch", "not:'two words'", "not:not:api"),
        "api status:orphan size:1GB.. used:90d.. pkg:numpy..1 not:web",
    ],
)
def test_what_matches(text: str) -> None:
    assert answer(text) is True
    if text:
        assert answer(f"not:{text}") is False or " " in text


@pytest.mark.parametrize(
    "text",
    [
        *("web", "api web", "status:linked", "kind:uv-tool", "flag:pinned", "note:cpu"),
        *("python:3.10", "python:3.1", "python:..3.8", "python:3.10..", "python:>=3.10"),
        *("size:3GB..", "size:..1GB", "files:..1k", "used:..90d", "used:1y.."),
        *("pkg:torch", "pkg:num", "pkg:numpy@2..", "pkg:numpy>=2", "not:api", "not:status:orphan"),
        *("pkg:numpy..1.25", "status:orphan not:pkg:numpy"),
    ],
)
def test_what_does_not_match(text: str) -> None:
    assert answer(text) is False


def test_an_end_of_a_range_means_every_version_that_begins_with_it() -> None:
    def numpy(version: str, text: str) -> bool | None:
        return answer(f"pkg:numpy{text}", packages=[Package("numpy", version)])

    assert numpy("2.3.1", "..2")
    assert not numpy("2.3.1", "..1")
    assert numpy("2.0.0rc1", "@2")
    assert not numpy("2.0.0rc1", "@2..")
    assert numpy("2.5.1+cu121", "@2.5.1")
    assert numpy("2.5.1+cu121", "..2.5.1")
    assert not numpy("1.20", "@1.2")
    assert numpy("1!1.0", "@2..")


def test_what_is_not_known_is_not_decided() -> None:
    unknown = Summary(Path("/envs/a"), "a", Status.CHECKING)
    for text in (
        *("size:1GB..", "size:..1GB", "reclaimable:1.. a", "files:1..", "used:1d..", "python:3"),
        *("status:orphan", "pkg:numpy", "not:size:1GB..", "not:pkg:numpy"),
    ):
        query = parse(text, VALUES)
        assert query.decide(unknown, Known(NOW)) is None, text
        assert "not " in query.lacking(unknown, Known(NOW)), text
    assert answer("size:1GB.. nothing", unknown) is False, "one term decides"
    assert answer("pkg:numpy@2..", packages=[Package("numpy", "9" * 5000)]) is True
    odd = [Package("numpy", "of today")]
    assert answer("pkg:numpy", packages=odd) is True
    assert answer("pkg:numpy@2..", packages=odd) is None
    assert answer("pkg:numpy@2..", packages=[*odd, Package("numpy", "2.1")]) is True


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("statu:orphan", "unknown key statu:. Did you mean status:?"),
        ("zzz:1", "unknown key zzz:. Keys: status:"),
        ('zzz:"a b"', "unknown key zzz:. Keys: "),
        ("status:", "status: needs a value, such as status:orphan"),
        ("status:orphn", 'status: has no value "orphn", did you mean orphan? Allowed: '),
        ("status:orphan,", "status: has an empty value. Allowed: "),
        ("kind:po", 'kind: has no value "po"'),
        ("size:1GB", "size: takes a range, such as size:1GB.. or size:..1GB"),
        ("size:..", "size: needs a value, such as size:1GB.."),
        ("size:1XB..", 'size: "1XB" is not a size such as 500MB or 1GiB.'),
        ("size:2GB..1GB", "size:2GB..1GB is empty: 2GB is more than 1GB."),
        ("used:soon..", 'used: "soon" is not an age such as 90d, 12w, 6mo or 1y.'),
        ("files:many..", 'files: "many" is not a number'),
        ("python:new", "python:new has no version or range, such as python:3.11"),
        ("python:..", "python:.. has no version or range"),
        ("pkg:", "pkg: needs a value, such as pkg:numpy"),
        ("pkg:>=2", "pkg:>=2 has no name of a package"),
        (f"pkg:numpy@{'9' * 5000}", "pkg:numpy@999"),
        (f"python:..{'9' * 5000}", "python:..999"),
        ("pkg:numpy..", "pkg:numpy.. has no version or range"),
        ("pkg:numpy>=", "pkg:numpy>= has no version or range"),
        ("note:", "note: needs a value"),
        ("note:''", "note: needs a value"),
        ("not:", "not: needs a word or a condition"),
        ("not:size:", "size: needs a value"),
        ("''", "a word is empty."),
        ("'open", "the quote in 'open is not closed"),
        ("note:'open ended", "the quote in note:'open ended is not closed"),
        ("'a'b", "the quote in 'a'b is not closed, or text follows it."),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(f"api {text}", VALUES)
    assert str(error.value).startswith(says)


def test_a_colon_after_what_is_no_key_is_text() -> None:
    assert answer('"api:web"') is False
    assert answer("12:30") is False
    assert answer("/envs:api") is False


@given(st.text(alphabet="not:sizeused12GBd.\"' ,<>=@#é\t", max_size=24))
def test_any_text_is_a_query_or_an_error_with_words(text: str) -> None:
    with suppress(QueryError):
        assert answer(text) in (True, False, None)


def test_the_examples_are_queries() -> None:
    for key, examples in EXAMPLES.items():
        for example in examples:
            parse(f"{key}:{example}", VALUES)


def test_sizes_are_needed_only_where_they_decide() -> None:
    assert parse("not:size:1GB..", VALUES).needs_sizes
    assert parse("reclaimable:1.. files:1..", VALUES).needs_sizes
    assert not parse("used:90d.. pkg:numpy python:3 word", VALUES).needs_sizes


def test_the_packages_that_match() -> None:
    query = parse("pkg:numpy..1 pkg:typing_extensions not:pkg:torch", VALUES)
    assert query.packages(PACKAGES) == PACKAGES
    assert parse("not:pkg:numpy", VALUES).packages(PACKAGES) == ()


def test_completion() -> None:
    def complete(text: str) -> list[str]:
        return completions(text, VALUES)

    assert complete("api ") == [f"{key}:" for key in (*EXAMPLES, "not")]
    assert complete("api st") == ["status:", "store:"]
    assert complete("not:sta") == ["not:status:"]
    assert complete("status:o") == ["status:orphan"]
    assert complete("status:orphan,un") == ["status:orphan,unknown", "status:orphan,unreachable"]
    assert complete("not:kind:uv") == ["not:kind:uv", "not:kind:uv-tool"]
    assert complete("size:1") == ["size:1GB.."]
    assert complete("nothing:") == []
    assert complete("xyz") == []
