"""The answer of ``inspect --json``: everything of a LoRA file that a program may want."""

from __future__ import annotations

import math

from lorascope.records.lora import LoraDrift, LoraFile, LoraModule, LoraOrigin, ModuleState
from lorascope.records.run import JsonValue
from lorascope.reports.lora import GroupLine, Spread, block_lines, kind_lines, part_lines, spread, total_line
from lorascope.reports.lora_drift import drift_sentences
from lorascope.reports.lora_notes import expected_bytes, notes


def lora_json(lora: LoraFile, origin: LoraOrigin, *, with_modules: bool = False) -> dict[str, JsonValue]:
    """The answer of ``inspect --json`` for one file. Norms have no unit; ``stable_rank`` is the median over the modules."""
    total = total_line(lora)
    ranks, alphas, scales = (spread(getattr(module, name) for module in lora.modules) for name in ("rank", "alpha", "scale"))
    answer: dict[str, JsonValue] = {
        "format": 1,
        "file": lora.file,
        "trainer": origin.trainer,
        "trainer_version": origin.version,
        "training": origin.training,
        "epoch": origin.number if origin.counted_in == "epochs" else None,
        "step": origin.step,
        "base_model": origin.base_model,
        "family": lora.family.value,
        "parameters": dict(origin.parameters),
        "coverage": {
            "unet_modules": lora.coverage.unet.adapted,
            "unet_possible": lora.coverage.unet.possible,
            "text_encoder_modules": lora.coverage.text_encoder.adapted,
            "text_encoder_possible": lora.coverage.text_encoder.possible,
            "kinds": [{"kind": kind.group, "modules": kind.adapted, "possible": kind.possible} for kind in lora.coverage.kinds],
        },
        "rank": {"min": ranks.low, "max": ranks.high, "counts": _counts(ranks)},
        "alpha": {"min": alphas.low, "max": alphas.high, "counts": _counts(alphas)},
        "scale": {"min": scales.low, "max": scales.high, "counts": _counts(scales)},
        "norm": None if total is None else total.norm,
        "spectral_norm": None if total is None else total.spectral_norm,
        "stable_rank": None if total is None else total.stable_rank,
        "effective_rank": None if total is None else total.effective_rank,
        "rank_90": None if total is None else total.rank_90,
        "rank_95": None if total is None else total.rank_95,
        "parts": [_line_json(line) for line in part_lines(lora)],
        "kinds": [_line_json(line) for line in kind_lines(lora)],
        "blocks": [_line_json(line) for line in block_lines(lora)],
        "nan_count": None if lora.tensor_hash is None else sum(lora.nonfinite.values()),
        "nan_tensors": dict(lora.nonfinite),
        "states": _states(lora),
        "algorithms": [*sorted({module.algorithm for module in lora.modules})],
        "dtypes": dict(lora.dtypes),
        "file_bytes": lora.file_bytes,
        "tensor_bytes": lora.tensor_bytes,
        "expected_tensor_bytes": expected_bytes(lora),
        "tensor_hash": lora.tensor_hash,
        "tensor_hash_recorded": origin.recorded_hash,
        "legacy_hash": lora.legacy_hash,
        "notes": [note.text for note in notes(lora, origin)],
    }
    if with_modules:
        answer["modules"] = [_module_json(module) for module in lora.modules]
    return answer


def _counts(found: Spread) -> dict[str, JsonValue]:
    return {f"{value:g}": count for value, count in found.counts.items()}


def _states(lora: LoraFile) -> dict[str, JsonValue]:
    return {state.value: count for state in ModuleState if (count := sum(module.state is state for module in lora.modules))}


def _line_json(line: GroupLine) -> dict[str, JsonValue]:
    return {
        "group": int(line.label) if line.label.isdecimal() else line.label,
        "modules": line.modules,
        "norm": line.norm,
        "share": line.share,
        "spectral_norm": line.spectral_norm,
        "stable_rank": line.stable_rank,
        "effective_rank": line.effective_rank,
        "rank_90": line.rank_90,
        "rank_95": line.rank_95,
    }


def _module_json(module: LoraModule) -> dict[str, JsonValue]:
    spectrum = module.spectrum
    return {
        "name": module.name,
        "layer": module.layer,
        "part": module.part.value,
        "kind": module.kind.value,
        "block": module.block,
        "algorithm": module.algorithm,
        "rank": module.rank,
        "alpha": module.alpha if module.alpha is not None and math.isfinite(module.alpha) else None,
        "scale": module.scale,
        "state": module.state.value,
        "problem": module.problem,
        "norm": spectrum.norm if spectrum else None,
        "spectral_norm": spectrum.spectral_norm if spectrum else None,
        "stable_rank": spectrum.stable_rank if spectrum else None,
        "effective_rank": spectrum.effective_rank if spectrum else None,
        "rank_90": spectrum.rank_90 if spectrum else None,
        "rank_95": spectrum.rank_95 if spectrum else None,
    }


def drift_json(drift: LoraDrift) -> dict[str, JsonValue]:
    """How a row of checkpoints drifts, each with the one before it."""
    return {
        "counted_in": drift.counted_in,
        "numbers": list(drift.numbers),
        "files": list(drift.files),
        "same_weights": [list(group) for group in drift.same],
        "steps": [
            {
                "before": step.before,
                "after": step.after,
                "same_weights": step.same_weights,
                "modules": step.modules,
                "parts": [
                    {"part": part.part, "norm_before": part.norm_before, "norm": part.norm, "change": part.change, "cosine": part.cosine}
                    for part in step.parts
                ],
                "blocks": [
                    {
                        "block": int(part.part),
                        "norm_before": part.norm_before,
                        "norm": part.norm,
                        "change": part.change,
                        "cosine": part.cosine,
                    }
                    for part in step.blocks
                ],
            }
            for step in drift.steps
        ],
        "notes": list(drift_sentences(drift)),
    }
