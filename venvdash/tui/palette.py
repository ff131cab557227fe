"""The commands of the command palette, beside Textual's own."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from venvdash.model import Row
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


class Commands(Provider):
    """Views, sorting, and actions for the environment under the cursor."""

    @property
    def _main(self) -> MainScreen:
        # The palette is only ever opened over the main screen: other screens hide the key.
        return cast("MainScreen", self.screen)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        main = self._main
        if main.listing.row is not None:
            yield "Environment: details", "Everything known about it", main.on_line_table_chosen
            yield "Environment: open folder", "In the file manager", main.action_open_folder
            yield (
                "Environment: copy as text …",
                "Path, interpreter or activation command",
                main.action_clip,
            )
            yield from self._changes()
        yield "Delete …", "Show the plan, then confirm", main.action_delete
        yield "Mark: all shown", "Or clear, if all are marked", main.action_mark_all
        yield "Mark: by a rule …", "Orphans, unknown, broken, unused for …", main.action_mark_rule
        yield "Undo", "Undo the newest change", main.action_undo
        yield "Stop", "Stop the current job and cancel the queue", main.action_stop
        yield "Log", "Commands that were run, and their output", main.action_log
        yield "Trash", "Restore or delete permanently", main.action_trash
        for view in View:
            yield f"View: {view}", "Show only these", partial(main.action_view, view)
        for key, words in _SORTS.items():
            yield (
                f"Sort: by {words}",
                "Again: reverse the order",
                partial(main.listing.sort_by, key),
            )
        yield "Filter", "Show only matching environments", main.action_filter
        add = "Add folders that contain environments to the stores"
        yield "Add folders of environments …", add, main.action_add_store
        yield "Rescan", "Scan again", main.action_rescan
        yield "Keys", "Show all keys", main.action_help

    def _changes(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        main = self._main
        if main.programs.possible:
            yield "Environment: shell", "Open a shell with it active", main.action_shell
            yield (
                "Environment: edit its project",
                "Open its project in your editor",
                main.action_edit,
            )
        yield "Environment: sync …", "Show what uv would change", main.action_sync
        yield "Environment: relink …", "Link it to a project", main.action_relink
        share = partial(main.action_relink, share=True)
        yield "Environment: share with another project …", "Link it to one more project", share
        yield "Environment: unlink …", "Remove its links to projects", main.action_unlink
        yield "Environment: copy …", "Under another name or for another Python", main.action_copy
        yield "Environment: rename …", "Give it another name", main.action_rename
        yield "Environment: pin or unpin", "Rules skip pinned environments", main.action_pin
        yield "Environment: note …", "Write a note about it", main.action_note
        yield "Environment: move …", "To another store", main.action_move

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

    def _named(self, query: str) -> Iterator[Row]:
        words = query.casefold().split()
        for row in self._main.listing.table.rows.values():
            name = row.name.casefold()
            if words and all(word in name for word in words):
                yield row
