"""All messages that a person may read, to review them: ``python -m tests.messages > messages.md``.

The page is made on request and not kept in the repository: otherwise every change of a sentence
would have to change it, too. A message is a text with words in it that the program does not run,
compile or store: a sentence, a label, a line of help. ``{name}`` stands for a value.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "venvdash"

_CODE = ("system/shells/", "demo/wheels.py", "demo/catalogue.py")  # programs and package data
_FACES = ("cli", "tui", "presentation", "model")  # whose single words are labels
_NOT_SHOWN = {"compile", "execute", "executemany", "cast", "TypeVar", "fullmatch", "search", "sub"}
_NO_TEXT = {"style", "id", "classes", "mode", "encoding", "errors", "env"}
_SHOWN_AS_IS = {
    "visible",
    "short_path",
    "with_tilde",
    "str",
    "short",
    "words",
    "because",
    "quote",
    "len",
    "join",
}
_PROGRAM = (
    *("import ", "def ", "# ///", "bold ", "$", "%(", "_venvdash_", "complete ", "if (("),
    *("CREATE ", "ALTER ", "INSERT ", "SELECT ", "UPDATE ", "DELETE FROM ", "PRAGMA "),
)


def page(package: Path = PACKAGE) -> str:
    """Return the page as Markdown: the messages of each module, in the order of its lines."""
    parts = ["# Messages"]
    for file in sorted(package.rglob("*.py")):
        name = file.relative_to(package).as_posix()
        found = dict.fromkeys(messages(ast.parse(file.read_text()), name))
        if found:
            parts += [f"\n## {name}\n", *(f"- {text}" for text in found)]
    return "\n".join(parts) + "\n"


def messages(tree: ast.AST, module: str) -> Iterator[str]:
    """Yield the messages of a module, one line each."""
    if module.startswith(_CODE):
        return
    labels = module.split("/")[0] in _FACES
    for text in _texts(tree):
        line = " ".join(text.split())
        words = re.sub(r"\{.*?\}", "", line)
        if not any(letter.isalpha() for letter in words) or line.startswith(_PROGRAM):
            continue
        if " " in line.strip() or (labels and _is_label(line)):
            yield line


def _is_label(text: str) -> bool:
    return len(text) > 2 and text[0].isupper() and text.isalpha() and not text.isupper()


def _texts(node: ast.AST) -> Iterator[str]:
    """Yield the literal texts in a tree, without docstrings other than those of commands."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(map(_piece, node.values))
    elif not _is_no_text(node):
        yield from _help(node)
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns", "bases", "slice"):
                children = value if isinstance(value, list) else [value]
                for child in children:
                    if isinstance(child, ast.AST):
                        yield from _texts(child)


def _is_no_text(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.Call():
            return _called(node) in _NOT_SHOWN
        case ast.keyword(arg=name):
            return name in _NO_TEXT
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name.endswith("CSS")
    return False


def _help(node: ast.AST) -> Iterator[str]:
    """Yield the paragraphs that ``--help`` shows for a command."""
    if isinstance(node, ast.FunctionDef) and any(
        isinstance(mark, ast.Call) and _called(mark).endswith(("command", "group"))
        for mark in node.decorator_list
    ):
        text = inspect.cleandoc(ast.get_docstring(node) or "").replace("\b", "")
        yield from text.split("\n\n")


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return "{" + _named(part.value if isinstance(part, ast.FormattedValue) else part) + "}"


def _named(value: ast.expr) -> str:
    """Return a name for what a placeholder shows."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_")
        case ast.Constant(value=str(text)):
            return text
        case (
            ast.Subscript(value=inner)
            | ast.BinOp(left=inner)
            | ast.BoolOp(values=[inner, *_])
            | ast.GeneratorExp(elt=inner)
        ):
            return _named(inner)
        case ast.IfExp(body=one, orelse=other):
            return f"{_named(one)}/{_named(other)}"
        case ast.JoinedStr(values=parts):
            return "".join(map(_piece, parts))
        case ast.Call():
            return _result(value)
    return "…"


def _result(call: ast.Call) -> str:
    name = _called(call)
    match call.args:
        case [number, ast.Constant(value=what), *_] if name == "counted":
            return f"{_named(number)} {what!s}s"
        case [inner, *_] if name in _SHOWN_AS_IS:
            return _named(inner)
    return name.strip("_")


if __name__ == "__main__":
    sys.stdout.write(page())
