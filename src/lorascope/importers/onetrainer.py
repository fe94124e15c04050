"""LoRA files of OneTrainer. Source: Nerogar/OneTrainer, modules/trainer/GenericTrainer.py, modelSaver/mixin/DtypeModelSaverMixin.py.

Saved while it trains: ``<workspace>/save/<prefix><local time>-save-<global step>-<epoch>-<step in the epoch>.safetensors``, backups
under ``<workspace>/backup/<local time>-backup-<the same three>/lora/lora.safetensors``; the final file has the name the user gave.
The global step counts batches, not updates: with gradient accumulation several batches make one update.
"""

from __future__ import annotations

import re
from pathlib import Path

from lorascope.importers.adapter_shape import modules_by_part, shape_parameters
from lorascope.importers.embedded_config import EmbeddedConfig, embedded_config
from lorascope.importers.evidence import CheckpointSeen, Evidence
from lorascope.importers.metadata_json import whole
from lorascope.importers.safetensors_header import Header
from lorascope.parameters.dialects.onetrainer import ONETRAINER
from lorascope.records.run import CountedIn, JsonValue

_CONFIG = "ot_config"
_OWN_KEYS = ("ot_branch", "ot_revision", _CONFIG)
_STAMP = r"(?P<stamp>\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2})"
_PROGRESS = r"(?P<batches>\d{1,12})-(?P<epoch>\d{1,9})-(?P<rest>\d{1,12})"
_SAVE = re.compile(rf"(?P<prefix>.*){_STAMP}-save-{_PROGRESS}", re.DOTALL)
_BACKUP = re.compile(rf"(?P<prefix>.*){_STAMP}-backup-{_PROGRESS}", re.DOTALL)
# what differs from one checkpoint of a training to the next
_OF_THE_FILE = ("modelspec.date", "modelspec.hash_sha256")


def read_onetrainer(path: Path, header: Header) -> Evidence | None:
    """What a LoRA file of OneTrainer says; None when another trainer made it.

    Known by its own keys in the metadata; by its name where the metadata was taken out.
    """
    place = _SAVE.fullmatch(path.stem) or _backup(path)
    if not any(key in header.metadata for key in _OWN_KEYS) and (place is None or header.metadata.keys() - {"format"}):
        return None
    config = embedded_config(path, _CONFIG, header.metadata.get(_CONFIG), ONETRAINER)
    shape, notes = shape_parameters(path, header)
    checkpoint, more = _checkpoint(path, header, place, config)
    metadata = {key: value for key, value in header.metadata.items() if key not in {_CONFIG, *_OF_THE_FILE}}
    return Evidence(
        source=path,
        format="OneTrainer LoRA",
        folder=_workspace(path),
        trainer="onetrainer",
        parameters={**shape, **config.parameters},
        base_model=config.base_model,
        checkpoint=checkpoint,
        prompts=config.prompts,
        kept={**config.kept, **metadata, "modules": modules_by_part(header)},
        notes=(*notes, *more, *config.notes),
    )


def _backup(path: Path) -> re.Match[str] | None:
    """The name of the backup's folder, when the file lies in one."""
    in_backup = path.name == "lora.safetensors" and path.parent.name == "lora"
    return _BACKUP.fullmatch(path.parent.parent.name) if in_backup else None


def _workspace(path: Path) -> Path:
    if _backup(path) is not None:
        folder = path.parent.parent.parent
        return folder.parent if folder.name == "backup" else folder
    return path.parent.parent if path.parent.name == "save" else path.parent


def _checkpoint(path: Path, header: Header, place: re.Match[str] | None, config: EmbeddedConfig) -> tuple[CheckpointSeen, list[str]]:
    kept: dict[str, JsonValue] = {key: header.metadata[key] for key in _OF_THE_FILE if key in header.metadata}
    tensor_hash = _tensor_hash(header)
    if place is None:
        seen = CheckpointSeen(path, header.file_bytes, None, is_final=True, tensor_hash=tensor_hash, kept=kept)
        return seen, []
    batches, epoch, rest = (int(place[name]) for name in ("batches", "epoch", "rest"))
    kept |= {"batches": batches, "saved_local_time": place["stamp"]}
    per_update = whole(config.parameters.get("gradient_accumulation_steps"))
    step = batches // (per_update or 1)
    counted_in, number = (CountedIn.STEPS, step) if rest else (CountedIn.EPOCHS, epoch)
    notes = [] if per_update else [f"{path}: its step counts batches: as many updates, unless gradients were accumulated"]
    return CheckpointSeen(path, header.file_bytes, number, counted_in, step, tensor_hash=tensor_hash, kept=kept), notes


def _tensor_hash(header: Header) -> str | None:
    """OneTrainer's hash runs over the tensors in order of their names; with one dtype that is their order in the file."""
    digits = header.metadata.get("modelspec.hash_sha256", "").removeprefix("0x").lower()
    one_dtype = len({tensor.dtype for tensor in header.tensors.values()}) == 1
    return digits if one_dtype and re.fullmatch(r"[0-9a-f]{64}", digits) else None
