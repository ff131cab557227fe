"""The commands of the command palette, beside Textual's own."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from venvdash.model.summary import Summary
from venvdash.text import visible
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
    "kind": "kind",
    "where": "project's path",
}


_Command = tuple[str, str, Callable[[], object]]
"""What a command is called, what it does, and how."""


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
        yield from (
            ("Delete …", "Show the plan, then confirm", main.actions["delete"]),
            ("Mark: all shown", "Or clear, if all are marked", main.actions["mark_all"]),
            (
                "Mark: by a rule …",
                "Orphans, unknown, broken, unused for …",
                main.actions["mark_rule"],
            ),
            ("Undo", "Undo the newest change", main.actions["undo"]),
            ("Stop", "Stop the current job and cancel the queue", main.actions["stop"]),
            ("Log", "Commands that were run, and their output", main.actions["log"]),
            ("Trash", "Restore or delete permanently", main.actions["trash"]),
        )
        for view in View:
            yield f"View: {view}", "Show only these", partial(main.action_view, view)
        for key, words in _SORTS.items():
            sort = partial(main.listing.sort_by, key)
            yield f"Sort: by {words}", "Again: reverse the order", sort
        add = "Add folders that contain environments to the stores"
        yield from (
            ("Filter", "Show only matching environments", main.action_filter),
            ("Add folders of environments …", add, main.actions["add_store"]),
            ("Rescan", "Scan again", main.actions["rescan"]),
            ("Keys", "Show all keys", main.action_help),
        )

    def _environment_commands(self) -> Iterator[_Command]:
        main = self._main
        share = partial(main.actions["relink"], share=True)
        programs: tuple[_Command, ...] = (
            ("shell", "Open a shell with it active", main.actions["shell"]),
            ("edit its project", "Open its project in your editor", main.actions["edit"]),
        )
        texts = "Path, interpreter or activation command"
        commands: tuple[_Command, ...] = (
            ("details", "Everything known about it", main.on_line_table_chosen),
            ("open folder", "In the file manager", main.actions["open_folder"]),
            ("copy as text …", texts, main.actions["clip"]),
            *(programs if main.workbench.programs.possible else ()),
            ("sync …", "Show what uv would change", main.actions["sync"]),
            ("relink …", "Link it to a project", main.actions["relink"]),
            ("share with another project …", "Link it to one more project", share),
            ("unlink …", "Remove its links to projects", main.actions["unlink"]),
            ("copy …", "Under another name or for another Python", main.actions["copy"]),
            ("rename …", "Give it another name", main.actions["rename"]),
            ("pin or unpin", "Rules skip pinned environments", main.actions["pin"]),
            ("note …", "Write a note about it", main.actions["note"]),
            ("move …", "To another store", main.actions["move"]),
        )
        for name, meaning, run in commands:
            yield f"Environment: {name}", meaning, run

    async def discover(self) -> Hits:
        """Offer the commands before anything is typed."""
        if isinstance(self.screen, MainScreen):
            for name, meaning, run in self._commands():
                yield DiscoveryHit(name, run, help=meaning)

    async def search(self, query: str) -> Hits:
        """Offer the commands that match, and environments to go to."""
        if not isinstance(self.screen, MainScreen):
            return
        matcher = self.matcher(query)
        for name, meaning, run in self._commands():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=meaning)
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
