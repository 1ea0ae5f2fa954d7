"""Files with the trigrams of some blocks of logs: written once, read often.

A segment says by trigram which of its blocks have it. The trigrams are in groups that
are compressed alone, so a search reads a few kilobytes for each trigram.

    magic, length of the head, head (JSON), arrays of the blocks, groups of trigrams

A block is a part of a stored file: the bytes from `starts` to `ends` of the file with
the key `files`. Segments have no text, and they are rebuilt from the logs.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings

from runs.storage.log_index.grams import GRAM_COUNT, GramArray
from studio.core.private_files import sync_folder

#: A block's place in its segment fits 16 bits, and merging a segment fits the memory.
MAX_SEGMENT_BLOCKS = 4096
_MAGIC = b"LOGGRAM2"
#: A group has at least this many places of blocks: small ones hardly compress.
_GROUP_PLACES = 4096
_MIN_GROUP_GRAMS = 64
#: Trigrams whose places are merged at once: a bound of the memory.
_RANGE_GRAMS = 8192
_SUFFIX = ".grams"

Keys = npt.NDArray[np.int64]
Places = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Blocks:
    """Parts of files, by position. All arrays have the same length."""

    files: Keys
    starts: Keys
    ends: Keys

    def __len__(self) -> int:
        return len(self.files)

    def chosen(self, places: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Blocks:
        return Blocks(self.files[places], self.starts[places], self.ends[places])

    @classmethod
    def of_rows(cls, rows: Sequence[tuple[int, int, int]]) -> Blocks:
        """From a file's key, the first byte, and the byte after the last."""
        table = np.array(rows, dtype=np.int64).reshape(len(rows), 3)
        return cls(table[:, 0], table[:, 1], table[:, 2])


def concatenate_blocks(parts: Sequence[Blocks]) -> Blocks:
    names = ("files", "starts", "ends")
    empty = np.zeros(0, np.int64)
    return Blocks(
        *(np.concatenate([empty, *(getattr(p, name) for p in parts)]) for name in names)
    )


class Segment:
    """An open segment file. Raises OSError, or ValueError if it is damaged."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        start = os.pread(handle, len(_MAGIC) + 4, 0)
        if start[: len(_MAGIC)] != _MAGIC:
            raise ValueError("This is no segment of the log index")
        size = int.from_bytes(start[len(_MAGIC) :], "little")
        self._body = len(start) + size
        self._head = json.loads(self._read(len(start), size))
        count = int(self._head["blocks"])
        table = np.frombuffer(self._read(self._body, 3 * 8 * count), "<i8")
        self.blocks = Blocks(*table.astype(np.int64).reshape(3, count))
        self._group_grams = int(self._head["group"])
        ends = self._body + 3 * 8 * count
        size = 4 * (GRAM_COUNT // self._group_grams + 1)
        offsets = np.frombuffer(self._read(ends, size), "<u4").astype(np.int64)
        self._offsets = offsets + ends + size
        self._groups: dict[int, bytes] = {}

    def find_blocks(self, grams: Sequence[int]) -> npt.NDArray[np.int64]:
        """The places of the blocks that have every one of the trigrams."""
        counts = np.zeros(len(self.blocks), np.int32)
        for number, gram in enumerate(grams):
            counts[self._places_of(gram)] += 1
            if not (counts == number + 1).any():
                break
        return np.flatnonzero(counts == len(grams))

    @property
    def place_count(self) -> int:
        """How many trigrams all blocks have, together."""
        return int(self._head["places"])

    def places_between(self, first: int, last: int) -> tuple[GramArray, Places]:
        """Trigrams from `first` until before `last` with the places that have them.

        They are in order, and so are the places of each trigram.
        """
        grams, places = [np.zeros(0, np.uint16)], [np.zeros(0, np.uint16)]
        size = self._group_grams
        for group in range(first // size, -(-last // size)):
            ends, found = _unpack_group(self._read_group(group), len(self.blocks), size)
            numbers = np.arange(group * size, (group + 1) * size)
            named = np.repeat(numbers, np.diff(ends))
            inside = (named >= first) & (named < last)
            grams.append(named[inside].astype(np.uint16))
            places.append(found[inside])
        return np.concatenate(grams), np.concatenate(places)

    def _places_of(self, gram: int) -> Places:
        group, number = divmod(gram, self._group_grams)
        if group not in self._groups:
            self._groups[group] = _decompress(self._read_group(group))
        plain = self._groups[group]
        return _places_in(plain, number, len(self.blocks), self._group_grams)

    def _read_group(self, group: int) -> bytes:
        start, end = int(self._offsets[group]), int(self._offsets[group + 1])
        return self._read(start, end - start)

    def _read(self, start: int, size: int) -> bytes:
        data = os.pread(self._handle, size, start)
        if len(data) < size:
            raise ValueError("A segment of the log index is cut off")
        return data


def _decompress(data: bytes) -> bytes:
    try:
        return zlib.decompress(data) if data else b""
    except zlib.error as error:
        raise ValueError("A segment of the log index is damaged") from error


def _places_in(plain: bytes, number: int, blocks: int, size: int) -> Places:
    """The places of one of the `size` trigrams of a group."""
    if not plain:
        return np.zeros(0, np.uint16)
    if plain[:1] == b"B":
        width = (blocks + 7) // 8
        row = np.frombuffer(plain, np.uint8, width, 1 + number * width)
        return np.flatnonzero(np.unpackbits(row, count=blocks)).astype(np.uint16)
    counts = np.frombuffer(plain, "<u2", size, 1).astype(np.int64)
    start = 1 + 2 * size + 2 * int(counts[:number].sum())
    # Each step starts from the place before, the first one from none.
    steps = np.frombuffer(plain, "<u2", int(counts[number]), start)
    return np.cumsum(steps.astype(np.int64)).astype(np.uint16)


def _unpack_group(data: bytes, blocks: int, size: int) -> tuple[Keys, Places]:
    """Where the places of each of `size` trigrams end, and the places."""
    plain = _decompress(data)
    if not plain:
        return np.zeros(size + 1, np.int64), np.zeros(0, np.uint16)
    if plain[:1] == b"B":
        width = (blocks + 7) // 8
        bits = np.frombuffer(plain, np.uint8, offset=1).reshape(size, width)
        grams, places = np.nonzero(np.unpackbits(bits, axis=1, count=blocks))
        counts = np.bincount(grams, minlength=size)
        return np.concatenate([[0], np.cumsum(counts)]), places.astype(np.uint16)
    counts = np.frombuffer(plain, "<u2", size, 1).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(counts)])
    steps = np.frombuffer(plain, "<u2", int(ends[-1]), 1 + 2 * size)
    # Each step starts from the place before; the first of a trigram from none.
    total = np.cumsum(steps.astype(np.int64))
    before = np.concatenate([[0], total])[ends[:-1]]
    places = total - np.repeat(before, counts)
    return ends, places.astype(np.uint16)


def _pack_group(ends: Keys, places: Places, blocks: int) -> bytes:
    if not len(places):
        return b""
    counts = np.diff(ends)
    # A list takes two bytes for each place before it is compressed.
    if len(places) * 16 > blocks * len(counts):
        bits = np.zeros((len(counts), blocks), bool)
        bits[np.repeat(np.arange(len(counts)), counts), places] = True
        return zlib.compress(b"B" + np.packbits(bits, axis=1).tobytes(), 1)
    steps = np.diff(places.astype(np.int64), prepend=0)
    first = ends[:-1][counts > 0]
    steps[first] = places[first]
    plain = counts.astype("<u2").tobytes() + steps.astype("<u2").tobytes()
    return zlib.compress(b"L" + plain, 6)


def _grams_in_a_group(places: int) -> int:
    """A power of two, so that each group has enough places on average."""
    groups = max(1, places // _GROUP_PLACES)
    size = GRAM_COUNT >> (groups.bit_length() - 1)
    return max(size, _MIN_GROUP_GRAMS)


class SegmentStore:
    """Segments of a workspace in `<root>/<key of the workspace>/`."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        return self._root or Path(settings.LOG_INDEX_DIR)

    def path(self, workspace: int, name: str) -> Path:
        return self.root / str(workspace) / (name + _SUFFIX)

    @contextmanager
    def open(self, workspace: int, name: str) -> Iterator[Segment]:
        """Open a segment; raises FileNotFoundError, OSError, ValueError."""
        handle = os.open(self.path(workspace, name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield Segment(handle)
        finally:
            os.close(handle)

    def write(
        self, workspace: int, blocks: Blocks, grams: Sequence[GramArray]
    ) -> tuple[str, int]:
        """Write a segment, by block its trigrams; return its name and its size."""
        every = np.concatenate([np.zeros(0, np.uint16), *grams])
        lengths = [len(each) for each in grams]
        places = np.repeat(np.arange(len(blocks), dtype=np.uint16), lengths)
        order = np.argsort(every, kind="stable")
        every, places = every[order], places[order]

        def between(first: int, last: int) -> tuple[GramArray, Places]:
            start, end = np.searchsorted(every, [first, last])
            return every[start:end], places[start:end]

        return self._save(workspace, blocks, len(every), between)

    def merge(
        self,
        workspace: int,
        names: Sequence[str],
        existing: Callable[[Keys], Keys],
    ) -> tuple[str, int, Blocks] | None:
        """Write one segment with the blocks of several whose files are `existing`.

        Of blocks of a file with the same start, the longest is kept. Returns the
        name, the size and the blocks; None if no block is left.
        """
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(self.open(workspace, n)) for n in names]
            blocks = concatenate_blocks([each.blocks for each in opened])
            keep = existing(np.unique(blocks.files))
            kept = np.isin(blocks.files, keep) & _is_longest(blocks)
            if not kept.any():
                return None
            # The new place of each kept block.
            new = (np.cumsum(kept) - 1).astype(np.uint16)
            starts = np.cumsum([0, *(len(each.blocks) for each in opened)])

            def between(first: int, last: int) -> tuple[GramArray, Places]:
                parts = [each.places_between(first, last) for each in opened]
                every = np.concatenate([grams for grams, _places in parts])
                pairs = zip(parts, starts, strict=False)
                old = [places + start for (_grams, places), start in pairs]
                where = np.concatenate(old)
                chosen = kept[where]
                every, where = every[chosen], new[where[chosen]]
                # Segments are in the order of places, so a stable sort keeps it.
                order = np.argsort(every, kind="stable")
                return every[order], where[order]

            left, total = blocks.chosen(kept), sum(e.place_count for e in opened)
            return *self._save(workspace, left, total, between), left

    def _save(
        self,
        workspace: int,
        blocks: Blocks,
        total: int,
        between: Callable[[int, int], tuple[GramArray, Places]],
    ) -> tuple[str, int]:
        """Write a segment; `between` gives the places of a range of trigrams."""
        assert len(blocks) <= MAX_SEGMENT_BLOCKS
        group = _grams_in_a_group(total)
        packed = []
        step = max(group, _RANGE_GRAMS)
        for low in range(0, GRAM_COUNT, step):
            grams, places = between(low, low + step)
            ends = np.searchsorted(grams, np.arange(low, low + step + 1))
            for first in range(0, step, group):
                own = ends[first : first + group + 1].astype(np.int64)
                part = places[own[0] : own[-1]]
                packed.append(_pack_group(own - own[0], part, len(blocks)))
        offsets = np.cumsum([0, *map(len, packed)]).astype("<u4")
        head = json.dumps({"blocks": len(blocks), "group": group, "places": total})
        table = np.stack([blocks.files, blocks.starts, blocks.ends]).astype("<i8")
        parts = (table.tobytes(), offsets.tobytes(), *packed)
        size = len(head).to_bytes(4, "little")
        content = b"".join([_MAGIC, size, head.encode(), *parts])
        name = uuid.uuid4().hex
        self._write(self.path(workspace, name), content)
        return name, len(content)

    def _write(self, path: Path, content: bytes) -> None:
        """Whole or not at all."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)

    def delete(self, workspace: int, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path(workspace, name).unlink()

    def exists(self, workspace: int, name: str) -> bool:
        return self.path(workspace, name).is_file()

    def files(self) -> Iterator[tuple[Path, str]]:
        """Every file below the root, with the name of its segment."""
        for path in self.root.glob("*/*"):
            yield path, path.name.partition(".")[0]


def _is_longest(blocks: Blocks) -> npt.NDArray[np.bool_]:
    """Whether no other block has the same file and start, and more of the text."""
    found = np.ones(len(blocks), bool)
    order = np.lexsort((blocks.ends, blocks.starts, blocks.files))
    files, starts = blocks.files[order], blocks.starts[order]
    found[order[:-1]] = (files[1:] != files[:-1]) | (starts[1:] != starts[:-1])
    return found


segments = SegmentStore()
