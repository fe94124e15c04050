"""What follows from a run's settings and is easier to compare than they are: the adapter's scale, the images behind one step."""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.parameters.derived import adapter_scale
from lorascope.records.run import ParameterValue

DERIVED_NAMES = ("adapter_scale", "images_per_step")


def derived_values(parameters: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """The derived values of flat parameters, by name; only those whose settings are all recorded and that are not recorded themselves.

    >>> derived_values({"network_dim": 32, "network_alpha": 16, "train_batch_size": 2, "gradient_accumulation_steps": 4})
    {'adapter_scale': 0.5, 'images_per_step': 8}
    """
    found: dict[str, ParameterValue] = {}
    dim, alpha = parameters.get("network_dim"), parameters.get("network_alpha")
    if _is_number(dim) and _is_number(alpha) and int(dim or 0) > 0:
        found["adapter_scale"] = adapter_scale(int(dim or 0), float(alpha or 0))
    batch, accumulation = parameters.get("train_batch_size"), parameters.get("gradient_accumulation_steps")
    if _is_number(batch) and _is_number(accumulation):
        found["images_per_step"] = int(batch or 0) * int(accumulation or 0)
    return {name: value for name, value in found.items() if name not in parameters}


def _is_number(value: ParameterValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
