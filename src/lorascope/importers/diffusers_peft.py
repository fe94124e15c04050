"""LoRA files of diffusers' scripts and of PEFT. Sources: huggingface/diffusers, examples/*lora*.py, loaders/lora_base.py; huggingface/peft.

``<output_dir>/checkpoint-<step>/pytorch_lora_weights.safetensors`` while it trains, ``<output_dir>/pytorch_lora_weights.safetensors`` at
the end; PEFT writes ``adapter_model.safetensors`` with ``adapter_config.json`` beside it. Newer files carry the settings as JSON in the
metadata (``lora_adapter_metadata``, each name behind "unet." or "text_encoder."); of older ones only the shapes tell the rank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lorascope.errors import BadFile
from lorascope.importers.adapter_shape import modules_by_part, shape_parameters, trains_unet_only
from lorascope.importers.evidence import Authority, CheckpointSeen, Evidence
from lorascope.importers.importer import Imported
from lorascope.importers.metadata_json import known_parameters, object_in
from lorascope.importers.safetensors_header import Header
from lorascope.importers.small_file import small_text
from lorascope.importers.tensor_names import ranks_of
from lorascope.records.run import CountedIn, JsonValue, ParameterValue

WEIGHTS = "pytorch_lora_weights.safetensors"
ADAPTER_WEIGHTS, ADAPTER_CONFIG = "adapter_model.safetensors", "adapter_config.json"
ADAPTER_METADATA = "lora_adapter_metadata"

_CHECKPOINT = re.compile(r"checkpoint-(\d{1,12})")
_PREFIXES = ("unet.", "text_encoder.", "text_encoder_2.", "transformer.", "base_model.model.")
# PEFT's name → ours
_RENAMED = {"r": "network_dim", "lora_alpha": "network_alpha", "lora_dropout": "network_dropout"}


def read_diffusers(path: Path, header: Header) -> Evidence | None:
    """What a LoRA file of diffusers or PEFT says; None when another trainer made it."""
    named = path.name in {WEIGHTS, ADAPTER_WEIGHTS} or ADAPTER_METADATA in header.metadata
    if not named and not any(name.startswith(_PREFIXES) for name in header.tensors):
        return None
    return adapter_evidence(path, header, "diffusers", "diffusers LoRA")


def adapter_evidence(path: Path, header: Header, trainer: str, file_format: str) -> Evidence:
    """What a file in diffusers' layout says, whoever trained it. ``file_format`` is for messages."""
    adapter = _adapter(path, object_in(header.metadata.get(ADAPTER_METADATA)))
    shape, notes = shape_parameters(path, header)
    parameters = {**adapter.parameters, **shape}
    if not ranks_of(header).has_alpha and "network_alpha" not in parameters and "network_dim" in parameters:
        parameters["network_alpha"] = float(str(parameters["network_dim"]))
        notes.append(f"{path}: does not say alpha; diffusers' scripts use alpha = rank")
    if trains_unet_only(header):
        parameters["network_train_unet_only"] = True
    place = checkpoint_folder(path)
    metadata: dict[str, JsonValue] = {key: value for key, value in header.metadata.items() if key != ADAPTER_METADATA}
    return Evidence(
        source=path,
        format=file_format,
        folder=place[0],
        trainer=trainer,
        parameters=parameters,
        checkpoint=_checkpoint(path, header, place[1]),
        kept={**metadata, **adapter.kept, "modules": modules_by_part(header)},
        notes=(*adapter.notes, *notes),
    )


def checkpoint_folder(path: Path) -> tuple[Path, int | None]:
    """The training's folder and the step of the checkpoint that the file belongs to."""
    for folder in (path.parent, path.parent.parent):
        match = _CHECKPOINT.fullmatch(folder.name)
        if match:
            return folder.parent, int(match[1])
    return path.parent, None


def _checkpoint(path: Path, header: Header, step: int | None) -> CheckpointSeen | None:
    """None for the averaged weights that lie in a folder ``ema`` beside the others: they are not another checkpoint."""
    if path.parent.name == "ema":
        return None
    return CheckpointSeen(path, header.file_bytes, step, CountedIn.STEPS, step, is_final=step is None)


@dataclass(frozen=True, slots=True)
class _Adapter:
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    kept: dict[str, JsonValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def _adapter(path: Path, settings: Mapping[str, JsonValue]) -> _Adapter:
    """PEFT's settings. Where several networks have their own, those of the U-Net (or the transformer) count; all are kept."""
    if not settings:
        return _Adapter()
    parts: dict[str, dict[str, JsonValue]] = {}
    for key, value in settings.items():
        prefix = next((prefix for prefix in _PREFIXES if key.startswith(prefix)), "")
        parts.setdefault(prefix, {})[key.removeprefix(prefix)] = value
    main = next((parts[prefix] for prefix in ("unet.", "transformer.", "") if prefix in parts), next(iter(parts.values())))
    parameters, notes = known_parameters({ours: main[theirs] for theirs, ours in _RENAMED.items() if theirs in main}, str(path))
    others = {prefix: part.get("r") for prefix, part in parts.items() if part is not main and part.get("r") != main.get("r")}
    notes += [f"{path}: rank {rank} in {prefix.removesuffix('.')}, {main.get('r')} elsewhere" for prefix, rank in others.items()]
    notes += [
        f"{path}: {key} gives some modules a rank or alpha of their own" for key in ("rank_pattern", "alpha_pattern") if main.get(key)
    ]
    if main.get("use_rslora"):
        notes.append(f"{path}: use_rslora: the adapter is scaled by alpha / sqrt(rank), not alpha / rank")
    return _Adapter(parameters, dict(settings), tuple(notes))


class _PeftConfig:
    """``adapter_config.json``, as PEFT writes it beside the weights."""

    name = "PEFT adapter_config.json"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether it has PEFT's name for it and begins as an object that says its kind."""
        return path.name == ADAPTER_CONFIG and head.lstrip()[:1] == b"{"

    def read(self, path: Path) -> Iterator[Imported]:
        """The settings as Evidence.

        Raises:
            MissingFile: it is not there or cannot be read.
            BadFile: it is not such a file.
        """
        settings = object_in(small_text(path))
        if "peft_type" not in settings:
            raise BadFile("is no JSON object with a peft_type", where=str(path), next_step="get the file anew")
        adapter = _adapter(path, settings)
        base = settings.get("base_model_name_or_path")
        mapping = settings.get("auto_mapping")
        library = mapping.get("parent_library") if isinstance(mapping, dict) else None
        yield Imported(
            evidence=(
                Evidence(
                    source=path,
                    format=self.name,
                    folder=checkpoint_folder(path)[0],
                    trainer="diffusers" if isinstance(library, str) and library.startswith("diffusers") else "unknown",
                    authority=Authority.RECORDED,
                    parameters=adapter.parameters,
                    base_model=base if isinstance(base, str) and base else None,
                    kept=adapter.kept,
                    notes=adapter.notes,
                ),
            )
        )


PEFT_CONFIG = _PeftConfig()
