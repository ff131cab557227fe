"""What the command palette offers beside Textual's own commands."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from venvdash.model import Row
from venvdash.text import visible
from venvdash.tui.screens.main import MainScreen
from venvdash.tui.table import View

_MOST_NAMES = 50

_SORTS = {
    "name": "project",
    "size": "size on disk",
    "frees": "bytes freed",
    "cache": "bytes held by the cache",
    "used": "last use",
    "status": "status",
    "python": "Python",
    "packages": "number of packages",
    "kind": "kind",
    "where": "project's place",
}


class Commands(Provider):
    """Views, sorting and what can be done with the environment under the cursor."""

    @property
    def _main(self) -> MainScreen:
        # The palette is only ever opened over the main screen: other screens hide the key.
        return cast("MainScreen", self.screen)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        main = self._main
        if main.row is not None:
            yield "Environment: details", "All that is known", main.on_line_table_chosen
            yield "Environment: open folder", "With the desktop's program", main.action_open_folder
            yield (
                "Environment: copy as text …",
                "Path, interpreter, activate line",
                main.action_clip,
            )
            yield from self._changes()
        yield "Delete …", "Show what deleting the marked ones would do", main.action_delete
        yield "Mark: all shown", "Or none, where all are marked", main.action_mark_all
        yield "Mark: by a rule …", "Orphans, unknown, broken, older than", main.action_mark_rule
        yield "Undo", "Take back the last deletion or relink, all of it", main.action_undo
        yield "Stop", "What is being done, and what is queued", main.action_stop
        yield "Log", "The commands that were run, and what they wrote", main.action_log
        yield "Trash", "Have back, or free now", main.action_trash
        for view in View:
            yield f"View: {view}", "Show this part", partial(main.action_view, view)
        for key, words in _SORTS.items():
            yield f"Sort: by {words}", "Again: the other way round", partial(main.sort_by, key)
        yield "Filter", "Show what holds some words", main.action_filter
        add = "Make folders of environments that were found stores"
        yield "Add folders of environments …", add, main.action_add_store
        yield "Rescan", "Look at the machine again", main.action_rescan
        yield "Keys", "What every key does", main.action_help

    def _changes(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        main = self._main
        if main.leaves:
            yield "Environment: shell", "In which it is active", main.action_shell
            yield "Environment: edit its project", "In your editor", main.action_edit
        yield "Environment: sync …", "Show what uv would change", main.action_sync
        yield "Environment: relink …", "Say which project it belongs to", main.action_relink
        share = partial(main.action_relink, share=True)
        yield "Environment: share with another project …", "It keeps those that it has", share
        yield "Environment: unlink …", "It belongs to no project", main.action_unlink
        yield "Environment: copy …", "Under another name, for another Python", main.action_copy
        yield "Environment: rename …", "Give it another name", main.action_rename
        yield "Environment: pin, or unpin", "No rule picks what is pinned", main.action_pin
        yield "Environment: note …", "What it is for", main.action_note
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
            go = partial(self._main.go_to, row.path)
            yield Hit(score, Content(name), go, text=name)

    def _named(self, query: str) -> Iterator[Row]:
        words = query.casefold().split()
        for row in self._main.table.rows.values():
            name = row.name.casefold()
            if words and all(word in name for word in words):
                yield row
