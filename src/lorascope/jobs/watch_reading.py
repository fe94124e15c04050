"""What the files of a watched folder say, kept from look to look: a file is read again only when it was written to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from lorascope.importers.evidence import Evidence
from lorascope.jobs.progress import Silent
from lorascope.jobs.read_files import read_files
from lorascope.jobs.watch_folder import Look, Stamp

# A long log is read as a whole each time it grows; it must not take more than this share of one core.
_READING_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the look before: files that were read, and files that are gone.

    ``waiting`` are files that are not all there yet, or were read too lately; ``is_moving``: something was written or deleted.
    """

    read: tuple[Path, ...] = ()
    gone: tuple[Path, ...] = ()
    waiting: tuple[Path, ...] = ()
    is_moving: bool = False

    def __bool__(self) -> bool:
        return bool(self.read or self.gone)


@dataclass(slots=True)
class _Known:
    """A file as it was read. ``again_at``: not before this moment of the steady clock, in seconds."""

    stamp: Stamp
    evidence: tuple[Evidence, ...] = ()
    is_unfinished: bool = False
    again_at: float = 0.0


@dataclass(slots=True)
class FolderReading:
    """The evidence of a folder as of the last look."""

    _known: dict[str, _Known] = field(default_factory=dict)
    _seen: dict[str, Stamp] = field(default_factory=dict)

    def update(self, look: Look) -> Changes:
        """Read what is new or was written to; forget what is gone."""
        read: list[Path] = []
        waiting: list[Path] = []
        for path, stamp in look.files.items():
            known = self._known.get(path)
            if known is not None and known.stamp == stamp:
                if known.is_unfinished:
                    waiting.append(Path(path))
                continue
            if known is not None and time.monotonic() < known.again_at:
                waiting.append(Path(path))
                continue
            self._known[path] = now = self._read(Path(path), stamp)
            (waiting if now.is_unfinished else read).append(Path(path))
        gone = sorted(path for path in self._known if path not in look.files)
        for path in gone:
            del self._known[path]
        is_moving = self._seen != look.files
        self._seen = dict(look.files)
        return Changes(tuple(sorted(read)), tuple(map(Path, gone)), tuple(sorted(waiting)), is_moving)

    def evidence(self) -> list[Evidence]:
        """What all files say, as of the last look."""
        return [each for path in sorted(self._known) for each in self._known[path].evidence]

    def _read(self, path: Path, stamp: Stamp) -> _Known:
        """Read one file. What is wrong with it is told by the import at the end; here it only must not stop the others."""
        began = time.monotonic()
        said = read_files((), [path], Silent())
        if said.unfinished:
            return _Known(stamp, is_unfinished=True)
        ended = time.monotonic()
        return _Known(stamp, tuple(said.evidence), again_at=ended + (ended - began) / _READING_SHARE)
