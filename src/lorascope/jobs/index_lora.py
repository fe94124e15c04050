"""Put the tensors of a LoRA file together into modules, from its header alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lorascope.analysis.lora.factors import Plan, plan
from lorascope.analysis.lora.family import Sighting, layer_path, recognize
from lorascope.analysis.lora.names import LayerName, block_of, grouped, layer_name
from lorascope.errors import BadFile
from lorascope.importers.safetensors_header import Header
from lorascope.jobs.read_lora import NUMBERS
from lorascope.records.lora import Family, LoraModule, ModuleState, Part

_ADAPTER_METADATA = "lora_adapter_metadata"  # diffusers: loaders/lora_base.py


@dataclass(frozen=True, slots=True)
class PeftScale:
    """How PEFT scales a part's changes: its alpha, and whether by the root of the rank."""

    alpha: float
    square_root: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A module of a file, before its numbers are read. ``tensors`` are names by role."""

    name: str
    tensors: Mapping[str, str]
    layer: LayerName
    path: str
    block: int | None
    plan: Plan
    weights: int

    @property
    def key(self) -> tuple[Part, str]:
        """What this layer is called in every file, whichever trainer wrote it."""
        return self.layer.part, self.path

    def module(
        self,
        state: ModuleState,
        problem: str = "",
        *,
        alpha: float | None = None,
        scale: float | None = None,
    ) -> LoraModule:
        """The module, its spectrum not yet known."""
        return LoraModule(
            name=self.name,
            layer=self.path,
            part=self.layer.part,
            kind=self.layer.kind,
            block=self.block,
            algorithm=self.plan.algorithm,
            rank=self.plan.rank,
            alpha=alpha,
            scale=scale,
            weights=self.weights,
            state=state,
            problem=problem,
        )


@dataclass(frozen=True, slots=True)
class Index:
    """A file's modules. ``unknown`` are tensors whose names are not understood, ``widths`` those of the cross-attention's inputs."""

    entries: tuple[Entry, ...]
    family: Family
    widths: tuple[int, ...]
    naming: str
    unknown: tuple[str, ...]
    peft: Mapping[Part, PeftScale]


def index(header: Header, where: str) -> Index:
    """The modules of a file.

    Raises:
        BadFile: it holds no LoRA.
    """
    modules, unknown = grouped(header.tensors)
    found: list[tuple[str, dict[str, str], LayerName, Plan]] = []
    strange = list(unknown)
    for name, tensors in modules.items():
        planned = plan({role: header.tensors[tensor].shape for role, tensor in tensors.items()})
        if planned.algorithm == "unknown":
            strange += tensors.values()
        else:
            found.append((name, tensors, layer_name(name), planned))
    if not found:
        raise BadFile(
            f"holds no LoRA: {len(header.tensors)} tensors" + (f", such as {next(iter(header.tensors))!r}" if header.tensors else ""),
            where=where,
            next_step="name a LoRA file; whole models and embeddings are not inspected",
        )
    family, widths = recognize(Sighting(layer, planned.inputs, planned.outputs) for _, _, layer, planned in found)
    entries = []
    for name, tensors, layer, planned in found:
        path = layer_path(layer, family)
        weights = sum(math.prod(header.tensors[tensor].shape) for role, tensor in tensors.items() if role != "alpha")
        entries.append(Entry(name, tensors, layer, path, block_of(path, family), _readable(planned, header, tensors), weights))
    names = {entry.layer.naming for entry in entries}
    naming = next(iter(names)) if len(names) == 1 else "mixed"
    return Index(tuple(entries), family, widths, naming, tuple(strange), _peft(header.metadata))


def _readable(planned: Plan, header: Header, tensors: Mapping[str, str]) -> Plan:
    """The plan, with a problem where a tensor holds what is not read as numbers (integers, 4-bit floats)."""
    if planned.problem:
        return planned
    strange = [dtype for role in planned.reads if (dtype := header.tensors[tensors[role]].dtype) not in NUMBERS]
    return replace(planned, problem=f"holds {strange[0]}, which is not read as numbers") if strange else planned


_PEFT_PARTS = {"unet": Part.UNET, "text_encoder": Part.TEXT_ENCODER, "text_encoder_2": Part.TEXT_ENCODER_2, "transformer": Part.OTHER}


def _peft(metadata: Mapping[str, str]) -> dict[Part, PeftScale]:
    """The alphas that newer diffusers files keep as JSON beside the tensors."""
    try:
        said = json.loads(metadata.get(_ADAPTER_METADATA, "{}"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    scales = {}
    for prefix, part in _PEFT_PARTS.items():
        alpha = said.get(f"{prefix}.lora_alpha")
        if isinstance(alpha, int | float) and not isinstance(alpha, bool) and abs(alpha) < 1e9:
            scales[part] = PeftScale(float(alpha), said.get(f"{prefix}.use_rslora") is True)
    return scales
