"""The optimizers that train adapters here, by the trainer's names."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import torch

from lorascope.errors import BadParameter
from lorascope.records.run import ParameterValue

OPTIMIZERS: dict[str, Any] = {
    "AdamW": torch.optim.AdamW,
    "Adam": torch.optim.Adam,
    "NAdam": torch.optim.NAdam,
    "RAdam": torch.optim.RAdam,
    "SGD": torch.optim.SGD,
}


def make_optimizer(values: Mapping[str, ParameterValue], parts: Mapping[str, list[torch.nn.Parameter]]) -> Any:
    """An optimizer with one group per part ("unet", "text_encoder"), each at its own learning rate.

    ``unet_lr`` and ``text_encoder_lr`` fall back to ``learning_rate``; a part without parameters gets no group.
    """
    name = str(values.get("optimizer_type") or "AdamW")
    general = values.get("learning_rate")
    groups = []
    for part, parameters in parts.items():
        own = values.get(f"{part}_lr")
        rate = float(str(own if own is not None else general if general is not None else 2e-6))
        if parameters:
            groups.append({"params": parameters, "lr": rate})
    arguments = optimizer_arguments(str(values.get("optimizer_args") or ""))
    if name in {"AdamW", "Adam"}:
        arguments.setdefault("fused", True)
    try:
        return OPTIMIZERS[name](groups, **arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadParameter(
            f"optimizer_args do not fit {name}: {error}", next_step="see the optimizer's arguments in torch.optim"
        ) from error


def optimizer_arguments(text: str) -> dict[str, Any]:
    """Parse ``weight_decay=0.1 betas=(0.9,0.99)`` as the trainer does: literals only.

    >>> optimizer_arguments("weight_decay=0.1 amsgrad=True")
    {'weight_decay': 0.1, 'amsgrad': True}
    """
    arguments: dict[str, Any] = {}
    for part in text.split():
        key, sign, value = part.partition("=")
        try:
            if not sign:
                raise ValueError(part)
            arguments[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError) as error:
            raise BadParameter(f"optimizer_args: {part!r} is not name=value", next_step='write for example "weight_decay=0.1"') from error
    return arguments
