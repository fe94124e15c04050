"""Evidence as a run remembers it: so that a file that comes later, or one that is gone, changes nothing in what all give together.

A run keeps, for every file that it was put together from, what that file said, compactly: where it says what the run says, only that it
does so. Sample images and the points of logs are not in it; they are records of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lorascope.importers.evidence import Authority, CheckpointSeen, Evidence
from lorascope.records.run import CountedIn, JsonValue, ParameterValue, Run

_CHECKPOINT = ("number", "step", "samples_seen", "saved_at", "tensor_hash")


def remember(each: Evidence, parameters: Mapping[str, ParameterValue], kept: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """One file's evidence as JSON, beside the parameters and kept keys of its run."""
    memory: dict[str, JsonValue] = {
        "file": str(each.source),
        "format": each.format,
        "folder": str(each.folder),
        "trainer": each.trainer,
        "authority": int(each.authority),
        "training": each.training,
        "session": each.session,
        "base_model": each.base_model,
        "started_at": each.started_at,
        "finished_at": each.finished_at,
        "notes": list(each.notes),
        "prompts": {str(position): text for position, text in sorted(each.prompts.items())},
        **_compact("parameters", each.parameters, parameters),
        **_compact("kept", each.kept, kept),
    }
    if each.checkpoint is not None:
        memory["checkpoint"] = _remember_checkpoint(each.checkpoint)
    return {key: value for key, value in memory.items() if value not in (None, [], {}, 0) or key == "authority" or key.endswith("_said")}


def _remember_checkpoint(seen: CheckpointSeen) -> dict[str, JsonValue]:
    memory: dict[str, JsonValue] = {name: getattr(seen, name) for name in _CHECKPOINT if getattr(seen, name) is not None}
    memory |= {"bytes": seen.file_bytes, "counted_in": str(seen.counted_in)}
    if seen.is_final:
        memory["is_final"] = True
    if seen.kept:
        memory["kept"] = dict(seen.kept)
    return memory


def _compact(noun: str, own: Mapping[str, JsonValue], common: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What differs from the run's, and which of the run's names are said, or not said, whichever is shorter."""
    differing: dict[str, JsonValue] = {
        name: value for name, value in sorted(own.items()) if name not in common or not _equal(value, common[name])
    }
    said = [name for name in sorted(own) if name not in differing]
    silent = [name for name in sorted(common) if name not in own]
    names: JsonValue = [*(said if len(said) < len(silent) else silent)]
    return {noun: differing, f"{noun}_said" if len(said) < len(silent) else f"{noun}_silent": names}


def _equal(one: JsonValue, other: JsonValue) -> bool:
    """Whether two values are the same to the letter: True is not 1, nor 1 the same as 1.0."""
    return one is other or (type(one) is type(other) and one == other)


def recall(memory: Mapping[str, JsonValue], run: Run) -> Evidence | None:
    """What a file said, from what its run remembers of it; None where that was written by somebody else, in another shape."""
    try:
        return _recalled(memory, run)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _recalled(memory: Mapping[str, JsonValue], run: Run) -> Evidence:
    source = Path(_text(memory["file"]))
    kept = run.extra.get("kept", {})
    parameters = _expanded("parameters", memory, run.parameters)
    prompts = _mapping(memory.get("prompts", {}))
    checkpoint = memory.get("checkpoint")
    return Evidence(
        source=source,
        format=_text(memory["format"]),
        folder=Path(_text(memory["folder"])),
        trainer=_text(memory["trainer"]),
        authority=Authority(_whole(memory["authority"]) or 0),
        training=_optional_text(memory.get("training")),
        session=_optional_text(memory.get("session")),
        parameters={name: value for name, value in parameters.items() if not isinstance(value, list | dict)},
        base_model=_optional_text(memory.get("base_model")),
        started_at=_number(memory.get("started_at")),
        finished_at=_number(memory.get("finished_at")),
        checkpoint=None if checkpoint is None else _recalled_checkpoint(source, _mapping(checkpoint)),
        prompts={int(position): _text(text) for position, text in prompts.items()},
        kept=_expanded("kept", memory, _mapping(kept)),
        notes=tuple(_text(note) for note in _list(memory.get("notes", []))),
    )


def _recalled_checkpoint(source: Path, memory: Mapping[str, JsonValue]) -> CheckpointSeen:
    whole = {name: _whole(memory.get(name)) for name in ("number", "step", "samples_seen")}
    return CheckpointSeen(
        file=source,
        file_bytes=_whole(memory["bytes"]) or 0,
        number=whole["number"],
        counted_in=CountedIn(_text(memory["counted_in"])),
        step=whole["step"],
        is_final=memory.get("is_final") is True,
        samples_seen=whole["samples_seen"],
        saved_at=_number(memory.get("saved_at")),
        tensor_hash=_optional_text(memory.get("tensor_hash")),
        kept=_mapping(memory.get("kept", {})),
    )


def _expanded(noun: str, memory: Mapping[str, JsonValue], common: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    if f"{noun}_said" in memory:
        names = [_text(name) for name in _list(memory[f"{noun}_said"])]
    elif f"{noun}_silent" in memory:
        silent = set(map(_text, _list(memory[f"{noun}_silent"])))
        names = [name for name in common if name not in silent]
    else:
        names = [*common]
    own = _mapping(memory.get(noun, {}))
    return {name: common[name] for name in names if name not in own} | dict(own)


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _optional_text(value: JsonValue) -> str | None:
    return None if value is None else _text(value)


def _number(value: JsonValue) -> float | None:
    if value is not None and not isinstance(value, int | float):
        raise TypeError(value)
    return value


def _whole(value: JsonValue) -> int | None:
    if value is not None and not isinstance(value, int):
        raise TypeError(value)
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return value
