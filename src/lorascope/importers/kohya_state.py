"""Reads ``train_state.json``, which kohya's trainer leaves in a state folder: a training can be resumed from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lorascope.errors import BadFile, MissingFile
from lorascope.importers.evidence import Authority, Evidence
from lorascope.importers.importer import Imported
from lorascope.importers.kohya_names import STATE, parse_stem

STATE_FORMAT = "kohya state"
STATE_FILE = "train_state.json"
_LIMIT_BYTES = 4096


class _KohyaState:
    """``train_state.json`` with ``current_epoch`` and ``current_step``."""

    name = STATE_FORMAT

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether it has that name, in a folder of states, and begins as JSON does."""
        return path.name == STATE_FILE and b'"current_' in head and head.lstrip()[:1] == b"{"

    def read(self, path: Path) -> Iterator[Imported]:
        """One piece of evidence: that the training of this folder's name was saved to be resumed.

        Raises:
            MissingFile: it cannot be read.
            BadFile: it is no JSON object.
        """
        try:
            with path.open("rb") as file:
                state = json.loads(file.read(_LIMIT_BYTES))
        except OSError as error:
            raise MissingFile(f"cannot be read: {error.strerror}", where=str(path)) from error
        except (ValueError, RecursionError) as error:
            raise BadFile(f"not valid JSON: {error}", where=str(path), next_step="delete it, or get it anew") from error
        if not isinstance(state, dict):
            raise BadFile("not a JSON object", where=str(path), next_step="delete it, or get it anew")
        training = parse_stem(path.parent.name.removesuffix(STATE)).training
        numbers = {key: value for key, value in state.items() if type(value) is int}
        yield Imported(evidence=(_evidence(path, training, numbers),))


KOHYA_STATE = _KohyaState()


def _evidence(path: Path, training: str | None, numbers: dict[str, int]) -> Evidence:
    return Evidence(
        source=path,
        format=STATE_FORMAT,
        folder=path.parent.parent,
        trainer="kohya",
        authority=Authority.RECORDED,
        training=training,
        kept={f"state.{key}": value for key, value in numbers.items()},
    )
