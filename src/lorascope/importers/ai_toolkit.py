"""LoRA files of ai-toolkit. Source: ostris/ai-toolkit, jobs/process/BaseSDTrainProcess.py, toolkit/metadata.py.

``<training_folder>/<name>/<name>_<step, nine digits>.safetensors`` and at the end ``<name>.safetensors``. The metadata values are JSON
texts: ``software``, ``training_info`` {step, epoch}, ``name``. It counts steps only.
"""

from __future__ import annotations

import re
from pathlib import Path

from lorascope.importers.adapter_shape import modules_by_part, shape_parameters
from lorascope.importers.evidence import CheckpointSeen, Evidence
from lorascope.importers.metadata_json import json_in, object_in, whole
from lorascope.importers.safetensors_header import Header
from lorascope.importers.tensor_names import ranks_of
from lorascope.records.run import CountedIn, JsonValue

_NUMBERED = re.compile(r"(?P<name>.+)_(?P<step>\d{9})", re.DOTALL)
_OF_THE_FILE = ("training_info", "sshs_model_hash", "sshs_legacy_hash")
_NAMED = "_LoRA"  # put behind the name when an embedding is trained as well


def read_ai_toolkit(path: Path, header: Header) -> Evidence | None:
    """What a LoRA file of ai-toolkit says; None when another trainer made it."""
    software = object_in(header.metadata.get("software"))
    if software.get("name") != "ai-toolkit":
        return None
    parameters, notes = shape_parameters(path, header)
    ranks = ranks_of(header)
    if not ranks.has_alpha and "network_dim" in parameters:
        parameters["network_alpha"] = float(str(parameters["network_dim"]))
        notes.append(f"{path}: holds no alpha; ai-toolkit uses alpha = rank for files of this layout")
    checkpoint, more = _checkpoint(path, header)
    return Evidence(
        source=path,
        format="ai-toolkit LoRA",
        folder=path.parent,
        trainer="ai-toolkit",
        training=_training(path, header),
        parameters=parameters,
        checkpoint=checkpoint,
        kept={key: _plain(value) for key, value in header.metadata.items() if key not in _OF_THE_FILE}
        | {"modules": modules_by_part(header)},
        notes=(*notes, *more),
    )


def _training(path: Path, header: Header) -> str:
    """The job's name; the file's where the metadata does not say it."""
    numbered = _NUMBERED.fullmatch(path.stem)
    stem = (numbered["name"] if numbered else path.stem).removesuffix(_NAMED)
    named = _plain(header.metadata.get("ss_output_name") or header.metadata.get("name") or "")
    return named if isinstance(named, str) and named else stem


def _checkpoint(path: Path, header: Header) -> tuple[CheckpointSeen, list[str]]:
    told = object_in(header.metadata.get("training_info"))
    step = whole(told.get("step"))
    numbered = _NUMBERED.fullmatch(path.stem)
    number = int(numbered["step"]) if numbered else step
    notes = []
    # older versions wrote the number of the step that comes next
    if numbered and step is not None and number is not None and step - number not in {0, 1}:
        notes.append(f"{path}: the name says step {number}, the metadata step {step}; the name counts")
    kept = {key: _plain(header.metadata[key]) for key in _OF_THE_FILE if key in header.metadata}
    tensor_hash = header.metadata.get("sshs_model_hash", "").removeprefix("0x").lower()
    seen = CheckpointSeen(
        path,
        header.file_bytes,
        number,
        CountedIn.STEPS,
        number,
        is_final=numbered is None,
        tensor_hash=tensor_hash if re.fullmatch(r"[0-9a-f]{64}", tensor_hash) else None,
        kept=kept,
    )
    return seen, notes


def _plain(text: str) -> JsonValue:
    """A metadata value as it was before it was made JSON; a bare text stays what it is."""
    value = json_in(text) if text[:1] in {"{", "[", '"'} else None
    return text if value is None else value
