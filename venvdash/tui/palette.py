"""The commands of the command palette, beside Textual's own."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple, cast

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from venvdash.model.sorting import GROUP_KEYS
from venvdash.model.summary import Summary
from venvdash.records.dashboard_look import DetailTab
from venvdash.text import visible
from venvdash.tui.keys import MAIN_SECTIONS
from venvdash.tui.main.screen import MainScreen
from venvdash.tui.table import View

_MOST_NAMES = 50

_SORTS = {
    "name": "project",
    "size": "size on disk",
    "reclaimable": "reclaimable size",
    "cache": "size in the cache",
    "used": "last use",
    "status": "status",
    "python": "Python",
    "packages": "number of packages",
    "files": "number of files",
    "kind": "kind",
    "where": "project's path",
    "note": "note",
}

_KEYS = {
    binding.action: next(iter(binding.make_bindings([binding])))
    for _, bindings in MAIN_SECTIONS
    for binding in bindings
}
"""The first key of each action."""


class _Command(NamedTuple):
    """What a command is called, what it does, and how; ``action`` is that of its key, if any."""

    name: str
    meaning: str
    run: Callable[[], object]
    action: str = ""


class Palette(CommandPalette):
    """Textual's command palette; a second dismissal is ignored, as by ``DismissedOnce``."""

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Dismiss the palette if it is the topmost screen."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class Commands(Provider):
    """Views, sorting, and actions for the environment under the cursor."""

    @property
    def _main(self) -> MainScreen:
        # The palette is only ever opened over the main screen: other screens hide the key.
        return cast("MainScreen", self.screen)

    def _commands(self) -> Iterator[_Command]:
        main = self._main
        if main.listing.row is not None:
            yield from self._environment_commands()
        for name, meaning, action in (
            ("New environment …", "Under a name or for a project", "new"),
            ("Prune …", "Show the plan for all orphans, then confirm", "prune"),
            ("Delete …", "Show the plan, then confirm", "delete"),
            ("Mark: all shown", "Or clear, if all are marked", "mark_all"),
            ("Mark: by a rule …", "Orphans, unknown, broken, unused for …", "mark_rule"),
            ("Undo", "Undo the newest change", "undo"),
            ("Stop", "Stop the current job and cancel the queue", "stop"),
            ("Log", "Commands that were run, and their output", "log"),
            ("Trash", "Restore or delete permanently", "trash"),
            ("Rescan", "Scan again", "rescan"),
            (
                "Add folders of environments …",
                "Add folders that contain environments to the stores",
                "add_store",
            ),
        ):
            yield _Command(name, meaning, main.actions[action], action)
        for view in View:
            show = partial(main.action_view, view)
            yield _Command(f"View: {view}", "Show only these", show, f"view('{view}')")
        for by in GROUP_KEYS:
            group = partial(main.action_group, by)
            yield _Command(
                f"Group: by {_SORTS.get(by, by)}", "A line with sums above each group", group
            )
        yield _Command("Group: by nothing", "One list", partial(main.action_group, ""))
        for words, folded in (("Fold", True), ("Unfold", False)):
            fold = partial(main.action_fold_all, folded)
            key = f"fold_all({folded})"
            yield _Command(f"Group: {words.lower()} all", f"{words} every group", fold, key)
        for key, words in _SORTS.items():
            sort = partial(main.action_sort, key)
            yield _Command(f"Sort: by {words}", "Again: reverse the order", sort, f"sort('{key}')")
        yield _Command("Filter", "Show only matching environments", main.action_filter, "filter")
        yield _Command("Details pane", "Show or hide it", main.action_pane, "pane")
        for tab in DetailTab:
            opened = partial(main.open_details, tab)
            yield _Command(
                f"Details: {tab.value}", "Go to this tab of the details", opened, "tab(1)"
            )
        yield _Command("Keys", "Show all keys", main.action_help, "help")

    def _environment_commands(self) -> Iterator[_Command]:
        main = self._main
        share = partial(main.actions["relink"], share=True)
        named = [
            ("open folder", "In the file manager", "open_folder"),
            ("copy as text …", "Path, interpreter or activation command", "clip"),
            ("shell", "Open a shell with it active", "shell"),
            ("edit its project", "Open its project in your editor", "edit"),
            ("sync …", "Show what uv would change", "sync"),
            ("relink …", "Link it to a project", "relink"),
            ("unlink …", "Remove its links to projects", "unlink"),
            ("copy …", "Under another name or for another Python", "copy"),
            ("rename …", "Give it another name", "rename"),
            ("pin or unpin", "Rules skip pinned environments", "pin"),
            ("note …", "Write a note about it", "note"),
            ("move …", "To another store", "move"),
        ]
        yield _Command(
            "Environment: details", "Everything known about it", main.enter_details, "choose"
        )
        for name, meaning, action in named:
            if action in ("shell", "edit") and not main.workbench.programs.possible:
                continue
            yield _Command(f"Environment: {name}", meaning, main.actions[action], action)
        words = "Environment: share with another project …"
        yield _Command(words, "Link it to one more project", share)

    def _with_key(self, name: Content | str, action: str) -> Content:
        """Return the name of a command with the key that does the same."""
        key = _KEYS.get(action)
        if key is None:
            return Content.assemble(name)
        return Content.assemble(name, "  ", (self.app.get_key_display(key), "bold $text-primary"))

    async def discover(self) -> Hits:
        """Offer the commands before anything is typed."""
        if isinstance(self.screen, MainScreen):
            for name, meaning, run, action in self._commands():
                yield DiscoveryHit(self._with_key(name, action), run, name, help=meaning)

    async def search(self, query: str) -> Hits:
        """Offer the commands that match, and environments to go to."""
        if not isinstance(self.screen, MainScreen):
            return
        matcher = self.matcher(query)
        for name, meaning, run, action in self._commands():
            score = matcher.match(name)
            if score > 0:
                shown = self._with_key(matcher.highlight(name), action)
                yield Hit(score, shown, run, name, help=meaning)
        for row in islice(self._named(query), _MOST_NAMES):
            # Never through the matcher's highlight, which reads names as markup.
            name = f"Go to: {visible(row.name)}"
            score = max(matcher.match(name), 0.01)
            go = partial(self._main.listing.go_to, row.path)
            yield Hit(score, Content(name), go, text=name)

    def _named(self, query: str) -> Iterator[Summary]:
        words = query.casefold().split()
        for row in self._main.listing.table.summaries.values():
            name = row.name.casefold()
            if words and all(word in name for word in words):
                yield row
