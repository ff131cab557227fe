"""Reads the extents of the files in a tree, on a file system that shares blocks between files.

Reading extents is slower than ``stat``. So they are read of large files, and of files in
directories whose files have several origins. Of the small files in another directory, which usually
come from one package, two are read and represent the rest if they agree.

Loaded by the child processes that measure: no imports beyond small C modules.
"""

import os
from array import array
from collections.abc import Iterator

from venvdash.scanner.usage.compression import Compression, inline, squeezed
from venvdash.scanner.usage.extents import BLOCK, Extents, key_of
from venvdash.system.extents import ENCODED, INLINE, PLACELESS, SHARED, Extent, Sharing, extents
from venvdash.system.walk import Opened

_LARGE = 512  # blocks; the extents of every larger file are read
_LITTLE = 128  # blocks; if the small files of a directory take less, one represents them
_UNWRITTEN = 2048  # blocks that may be unwritten without making the result unsure
_PAGE = 4096  # bytes; longer files are never inline
_PACKAGES = b"site-packages"
_CONDA = b"conda-meta"
_MIXED = (b"bin", b"Scripts", _CONDA, _PACKAGES)  # directories whose files have several origins
_METADATA = (b".dist-info", b".data/scripts")  # and endings of such
File = tuple["os.DirEntry[str] | os.DirEntry[bytes]", int, int]  # entry, size, blocks


class _File:
    """A file whose extents were read.

    ``blocks`` are its own, ``others`` those of the files that it represents; ``lengths`` are their
    sizes in bytes if they are compressed.
    """

    __slots__ = ("blocks", "found", "group", "key", "lengths", "others")

    def __init__(self, key: int, group: int, blocks: int, found: list[Extent]) -> None:
        self.key = key
        self.group = group
        self.blocks = blocks
        self.others = 0
        self.lengths: list[int] = []
        self.found = found

    @property
    def compressed(self) -> bool:
        """Whether any extent is compressed."""
        return any(flags & ENCODED for _, _, flags in self.found)

    @property
    def unwritten(self) -> bool:
        """Whether some of it is not written to the disk yet."""
        return any(flags & PLACELESS for _, _, flags in self.found)


class Collector:
    """Collects the extents of a tree while it is walked."""

    def __init__(self, system: Sharing) -> None:
        self.system = system
        self.own = 0  # blocks that no other file holds
        self.shared_inodes: list[int] = []  # those with several links that other inodes share
        self.linked: dict[int, int] = {}  # compressed inodes with several links -> blocks
        self.samples: list[tuple[bytes, int]] = []  # as in a footprint, with links 0 or 1
        self._unwritten = 0  # blocks of files that are not written yet
        self._inline = 0  # bytes of inline files whose extents were read
        self._small = 0  # bytes of files that are too small to have extents
        self._inodes = self._names = 0
        self._extents = Extents(system.identity)
        self._extents.unsure = not system.sure
        self._numbers: dict[bytes, int] = {}  # of groups
        self._weights: list[int] = []  # of their samples
        self._shared: dict[int, tuple[int, int]] = {}  # key -> blocks, group
        self._compressed: list[_File] = []
        # a file, and inode, size and blocks of those that it represents
        self._linked_compressed: list[tuple[_File, list[tuple[int, int, int]]]] = []
        self._compression = Compression()
        self._conda = False

    def directory(
        self, opened: Opened, single: list[File], several: dict[int, File], names: int
    ) -> None:
        """Add the files of a directory: those with a single link, and by inode those with several.

        ``names`` is the number of its files, each link counted.
        """
        self._names += names + 1
        self._inodes += len(single) + 1
        path = opened.path or b""
        small = []
        for file in self._outside_metadata(single):
            if _asked(path, file):
                self._ask(opened.descriptor, path, file)
            else:
                small.append(file)
        if small:
            self._sample(opened.descriptor, path, small)
        if several:
            self._linked(opened.descriptor, path, several)

    def _outside_metadata(self, files: list[File]) -> Iterator[File]:
        most = self.system.inline
        for file in files:
            if file[1] <= most:
                self._small += file[1] if file[2] else 0
            elif file[2]:
                yield file

    def _linked(self, directory: int, path: bytes, inodes: dict[int, File]) -> None:
        """Add the files with several links that also share blocks with other inodes.

        Their link count does not show who else holds the blocks.
        """
        files = [file for file in inodes.values() if file[1] > self.system.inline and file[2]]
        number = {file[0].name: inode for inode, file in inodes.items()}
        small = [file for file in files if not _asked(path, file)]
        groups = [[file] for file in files if _asked(path, file)]
        for group in [*groups, small]:
            largest = max(group, key=_size_and_name, default=None)
            asked = self._look(directory, path, largest) if largest else None
            if asked is None or largest is None:
                continue
            if asked.compressed and len(group) > 1:
                self._look_after(directory, path, group, largest)
            if asked.key:
                self._stand(asked, group, largest)
                self.shared_inodes += [number[file[0].name] for file in group]
            elif asked.compressed:
                stored = [(number[file[0].name], file[1], file[2]) for file in group]
                self._linked_compressed.append((asked, stored))
            elif asked.unwritten:
                self._unwritten += sum(file[2] for file in group)

    def _sample(self, directory: int, path: bytes, files: list[File]) -> None:
        """Read the extents of two small files of a directory, and of all if the two differ."""
        largest = max(files, key=_size_and_name)
        one = other = self._look(directory, path, largest)
        if sum(file[2] for file in files) >= _LITTLE:
            other = self._look_after(directory, path, files, largest) or one
        if one is None or other is None or (not one.key) != (not other.key):
            for file in files:
                self._ask(directory, path, file)
            return
        self._stand(one, files, largest)

    def _look_after(
        self, directory: int, path: bytes, files: list[File], largest: File
    ) -> _File | None:
        """Read the extents of the file listed after ``largest``.

        btrfs lists files in order of creation, so it usually lies behind that one on the disk and
        shows where a compressed one ends.
        """
        at = files.index(largest)
        rest = [*files[at + 1 :], *files[:at]]
        after = next((file for file in rest if file[1] > _PAGE), None)
        return self._look(directory, path, after) if after else None

    def _stand(self, one: _File, files: list[File], asked: File) -> None:
        """Add a file whose extents were read, and the files that it represents."""
        others = [file for file in files if file is not asked]
        if one.compressed:
            small = [file[1] for file in others if file[1] <= _PAGE]
            self._inline += sum(map(inline, small))
            others = [file for file in others if file[1] > _PAGE]
            one.lengths = [file[1] for file in others]
        one.others = sum(file[2] for file in others)
        self._add(one)

    def _ask(self, directory: int, path: bytes, file: File) -> None:
        asked = self._look(directory, path, file)
        if asked is None:
            self.own += file[2]
            self._extents.unsure = True
            return
        self._add(asked)
        name = _name(file)
        if path == _CONDA:
            if not self._conda:  # conda and pixi clone RECORD, and write the files here
                self._conda = True
                self._extents.own_marks, self._extents.shared_marks = 0, array("Q")
            self._mark(path + b"/" + name, asked)
        elif not self._conda and _generated_per_environment(path, name):
            self._mark(path + b"/" + name, asked)

    def _look(self, directory: int, path: bytes, file: File) -> _File | None:
        entry, _, blocks = file
        try:
            if not entry.is_file(follow_symlinks=False):
                return _File(0, 0, blocks, [])
            extents_of_file = extents(entry.name, directory)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                return _File(0, 0, 0, [])
            return None
        self._compression.note(extents_of_file)
        key = key_of(extents_of_file)
        group = self._group(path, _name(file), key, blocks) if key else 0
        return _File(key, group, blocks, extents_of_file)

    def _group(self, path: bytes, name: bytes, key: int, weight: int) -> int:
        """Return the number of the group that a file belongs to.

        The largest file represents the group, but not one with many extents.
        """
        inner = path.rpartition(_PACKAGES + b"/")[2]
        top = inner.partition(b"/")[0] if inner != path else path
        if top.rpartition(b"/")[2] in _MIXED or not top:
            top = path + b"/" + name
        number = self._numbers.setdefault(top, len(self._numbers))
        kept = self._extents
        if number == len(kept.names):
            kept.names.append(b"")
            kept.samples.append(0)
            self._weights.append(-1)
        weight = weight if weight < _LARGE else 0
        if weight > self._weights[number]:
            self._weights[number] = weight
            kept.names[number] = path + b"/" + name if path else name
            kept.samples[number] = key
        return number

    def _add(self, file: _File) -> None:
        flags = file.found[0][2] if file.found else 0
        if flags & INLINE:
            length = file.found[0][1]
            self._inline += inline(length) if flags & ENCODED else length
        elif file.compressed:
            self._compressed.append(file)
        else:
            self._unwritten += file.blocks + file.others if file.unwritten else 0
            shared = sum(length for _, length, flags in file.found if flags & SHARED) // BLOCK
            self._share(file, shared + file.others if file.key else 0, file.blocks + file.others)

    def _share(self, file: _File, shared: int, blocks: int) -> None:
        self.own += max(blocks - shared, 0)
        if shared:
            known = self._shared.get(file.key, (0, 0))[0]
            self._shared[file.key] = max(known, shared), file.group

    def _mark(self, path: bytes, file: _File) -> None:
        if not file.found or file.found[0][2] & INLINE:
            return
        if file.key:
            if not self._extents.shared_marks:
                self.samples.append((path, 0))
            self._extents.shared_marks.append(file.key)
            return
        self._extents.own_marks += 1
        if self._extents.own_marks == 1 and not file.found[0][2] & PLACELESS:
            self.samples.append((path, 1))

    @property
    def unsettled(self) -> bool:
        """Whether so much is not written yet that the sizes may still change."""
        return self._unwritten > _UNWRITTEN

    def settle(self) -> None:
        """Estimate the sizes of compressed files; call it once, after all files were added."""
        if self.unsettled and self.system.compresses:
            self._extents.unsure = True
        if not self._compressed and not self._linked_compressed:
            return
        self._extents.compressed = True
        self._small = squeezed(self._small)
        compression = self._compression
        compression.settle()
        for file in self._compressed:
            takes, shared = compression.of(file.found)
            blocks = takes // BLOCK + compression.like(file.found, file.lengths)
            self._share(file, blocks * shared // takes if takes else 0, blocks)
        for one, files in self._linked_compressed:
            for inode, size, blocks in files:
                takes = compression.like(one.found, [size])
                least = inline(size) // BLOCK if size <= _PAGE else blocks
                self.linked[inode] = min(takes, blocks, least)

    def result(self, inodes: int) -> Extents:
        """Return the extents; call ``settle`` first.

        ``inodes`` is the number of inodes with several links, all of them in the tree.
        """
        kept, system = self._extents, self.system
        kept.keys = array("Q", sorted(self._shared))
        kept.sizes = array("Q", (self._shared[key][0] for key in kept.keys))
        kept.groups = array("I", (self._shared[key][1] for key in kept.keys))
        items = self._names * system.per_name + (self._inodes + inodes) * system.per_inode
        kept.metadata = int((self._inline + self._small + items) * system.copies) // BLOCK
        if kept.names:
            heaviest = max(range(len(kept.names)), key=self._weights.__getitem__)
            self.samples.append((kept.names[heaviest], 0))
        return kept


def _generated_per_environment(path: bytes, name: bytes) -> bool:
    """Return whether installers write this file for each environment instead of cloning it."""
    if name == b"RECORD":
        return path.endswith(b".dist-info")
    return name.startswith(b"activate")


def _asked(path: bytes, file: File) -> bool:
    """Return whether the extents of this file are read: it is large, or its neighbours vary."""
    mixed = path.rpartition(b"/")[2] in _MIXED or not path or path.endswith(_METADATA)
    return mixed or file[2] >= _LARGE


def _size_and_name(file: File) -> tuple[int, bytes]:
    return file[1], os.fsencode(file[0].name)


def _name(file: File) -> bytes:
    return os.fsencode(file[0].name)
