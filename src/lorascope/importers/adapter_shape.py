"""What the shapes of a LoRA's tensors say of its settings, for trainers that do not write them down."""

from __future__ import annotations

from pathlib import Path

from lorascope.analysis.lora.names import grouped, layer_name
from lorascope.importers.safetensors_header import Header
from lorascope.importers.tensor_names import ranks_of
from lorascope.records.lora import LayerKind, Part
from lorascope.records.run import JsonValue, ParameterValue


def shape_parameters(path: Path, header: Header) -> tuple[dict[str, ParameterValue], list[str]]:
    """``network_dim`` and ``conv_dim`` where all modules have one rank; a note where they do not."""
    ranks = ranks_of(header)
    parameters: dict[str, ParameterValue] = {}
    notes = []
    for name, found in (("network_dim", ranks.linear), ("conv_dim", ranks.convolution)):
        if len(found) == 1:
            parameters[name] = next(iter(found))
        elif found:
            shown = ", ".join(f"{rank} in {count} modules" for rank, count in sorted(found.items())[:8])
            notes.append(f"{path}: ranks differ ({shown}): {name} is left open")
    return parameters, notes


def modules_by_part(header: Header) -> dict[str, JsonValue]:
    """How many modules each network of the model has, such as {"unet": 128, "text_encoder": 48}; networks without any are left out."""
    modules, _ = grouped(header.tensors)
    counts = dict.fromkeys(Part, 0)
    for module in modules:
        counts[layer_name(module).part] += 1
    return {str(part): count for part, count in counts.items() if count}


def trains_unet_only(header: Header) -> bool:
    """Whether all modules belong to the U-Net. Layers of which none is known may belong to anything: a language model, say."""
    modules, _ = grouped(header.tensors)
    layers = [layer_name(module) for module in modules]
    return all(layer.part is Part.UNET for layer in layers) and any(layer.kind is not LayerKind.OTHER for layer in layers)
