"""What one LoRA file of kohya's trainer says: its metadata, its name, and the shapes of its tensors, put together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from lorascope.importers.evidence import Authority, CheckpointSeen, Evidence
from lorascope.importers.kohya_datasets import dataset_facts
from lorascope.importers.kohya_metadata import Reading, read_metadata
from lorascope.importers.kohya_names import FileName, parse_stem
from lorascope.importers.safetensors_header import Header
from lorascope.importers.tensor_names import ranks_of
from lorascope.records.run import CountedIn

FORMAT = "kohya LoRA"
_NAME_LIMIT_SIGNS = 500
_OURS = ("ss_", "sshs_")


def read_kohya(path: Path, header: Header) -> Evidence:
    """The evidence of a file that kohya's trainer wrote, or that nobody else knows (then the trainer is "unknown")."""
    metadata = header.metadata
    reading = read_metadata(metadata)
    named = parse_stem(path.stem)
    training = metadata.get("ss_output_name") or metadata.get("modelspec.title")
    training = None if training in {None, "None"} else training
    _take_shapes(reading, header)
    _note_renamed(reading, path, training, named)
    by_kohya = any(key.startswith(_OURS) for key in metadata)
    in_kohya_names = by_kohya or any(name.startswith("lora_") for name in header.tensors)
    return Evidence(
        source=path,
        format=FORMAT if in_kohya_names else "LoRA",
        folder=path.parent,
        trainer="kohya" if by_kohya else "unknown",  # merged and converted files have its names, too
        authority=Authority.RECORDED,
        training=training or named.training,
        session=metadata.get("ss_session_id"),
        parameters=reading.parameters,
        base_model=_base_model(metadata),
        started_at=_moment(metadata.get("ss_training_started_at")),
        finished_at=_moment(metadata.get("ss_training_finished_at")),
        checkpoint=_checkpoint(path, header, named, reading),
        kept=reading.kept,
        notes=tuple(f"{path}: {note}" for note in reading.notes),
    )


def _take_shapes(reading: Reading, header: Header) -> None:
    """Ranks, and that there are no alphas, where the metadata is silent."""
    parameters = reading.parameters
    silent = parameters.get("network_dim") is None and "ss_network_dim" not in reading.kept
    has_alpha = any(name.endswith(".alpha") for name in header.tensors)
    if not silent and (has_alpha or "network_alpha" in parameters):
        return
    ranks = ranks_of(header)
    if silent and len(ranks.linear) == 1:
        parameters["network_dim"] = next(iter(ranks.linear))
        reading.notes.append(f"network_dim = {parameters['network_dim']} is read from the tensors' shapes")
    elif silent and ranks.linear:
        reading.notes.append(f"ranks differ from module to module: {', '.join(map(str, sorted(ranks.linear)))}")
    if silent and "conv_dim" not in parameters and len(ranks.convolution) == 1:
        parameters["conv_dim"] = next(iter(ranks.convolution))
    dim = parameters.get("network_dim")
    if "network_alpha" not in parameters:
        if not has_alpha and isinstance(dim, int) and _is_kohya_key(header):
            parameters["network_alpha"] = float(dim)
            reading.notes.append(f"there is no alpha: it counts as network_dim ({dim}), as before version 0.4.0 of sd-scripts")
        elif has_alpha:
            reading.notes.append("network_alpha stands in the tensors only, which are not read here (lorascope inspect does)")


def _is_kohya_key(header: Header) -> bool:
    return any(name.endswith("lora_down.weight") for name in header.tensors)


def _note_renamed(reading: Reading, path: Path, training: str | None, named: FileName) -> None:
    if training is not None and named.training not in {None, training}:
        reading.notes.append(f"the file calls its training {training[:80]!r}: {path.name} was renamed")


def _base_model(metadata: Mapping[str, str]) -> str | None:
    name = metadata.get("ss_sd_model_name")
    said = name if name and name != "None" else metadata.get("ss_base_model_version")
    return said[:_NAME_LIMIT_SIGNS].encode("utf-8", "replace").decode().replace("\0", "") if said else None


def _checkpoint(path: Path, header: Header, named: FileName, reading: Reading) -> CheckpointSeen:
    """Which epoch or step it is. A step file's ``ss_epoch`` counts completed epochs, an epoch file's counts its own too."""
    metadata = header.metadata
    epoch, step = _whole(metadata.get("ss_epoch")), _whole(metadata.get("ss_steps"))
    counted_in, number = named.counted_in, named.number
    training = metadata.get("ss_output_name")
    is_step = counted_in is CountedIn.STEPS or (number is None and _is_between_epochs(epoch, step, reading))
    is_final = number is None and not is_step and training in {None, "None", path.stem}
    if is_step:
        counted_in, number = CountedIn.STEPS, step if step is not None else number
        step = number
    elif epoch is not None:
        if number is not None and number != epoch and training == named.training:
            reading.notes.append(f"the name says epoch {number}, the metadata epoch {epoch}: the metadata counts")
        number = epoch
    per_epoch = sum(dataset_facts(reading.kept).bucket_counts)
    return CheckpointSeen(
        file=path,
        file_bytes=header.file_bytes,
        number=number,
        counted_in=counted_in,
        step=step,
        is_final=is_final,
        samples_seen=per_epoch * number if per_epoch and number and not is_step else None,
        saved_at=_moment(metadata.get("ss_training_finished_at")),
        tensor_hash=_hash(metadata.get("sshs_model_hash")),
        kept={"resized": True} if metadata.get("ss_network_dim") == "Dynamic" else {},
    )


def _is_between_epochs(epoch: int | None, step: int | None, reading: Reading) -> bool:
    """Whether a file whose name tells nothing was saved by steps: its step is not the last one of its epoch."""
    per_epoch, total = reading.parameters.get("steps_per_epoch"), reading.parameters.get("total_steps")
    if epoch is None or step is None or not isinstance(per_epoch, int) or step == total:
        return False
    return epoch * per_epoch <= step < (epoch + 1) * per_epoch and step != epoch * per_epoch


def _whole(text: str | None) -> int | None:
    """A count; None where it is missing, negative or too long to be one.

    >>> _whole("8"), _whole("None"), _whole("-1"), _whole("9" * 5000)
    (8, None, None, None)
    """
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None


def _moment(text: str | None) -> float | None:
    """Seconds since the epoch; None where it is no believable time."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds < 1e11 else None


def _hash(text: str | None) -> str | None:
    return text if text and len(text) == 64 and all(sign in "0123456789abcdef" for sign in text) else None
