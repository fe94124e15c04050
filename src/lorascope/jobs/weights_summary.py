"""A measured LoRA file as a ``weights`` record says it: the numbers that root causes show in."""

from __future__ import annotations

import math

from lorascope.records.lora import LoraFile, ModuleState, Part
from lorascope.reports.lora import total_line

_TEXT = frozenset({Part.TEXT_ENCODER, Part.TEXT_ENCODER_2})


def weights_summary(lora: LoraFile) -> dict[str, float]:
    """The file's norm, by part too, its median effective and stable rank, and the shares of values and modules that are no good.

    ``nan_share`` is a share of the modules that hold a value that is not finite, ``zero_share`` of those whose change is zero.
    """
    total = total_line(lora)
    found: dict[str, float] = {}
    if total is not None:
        found["norm"] = total.norm
        found |= {"effective_rank": total.effective_rank} if total.effective_rank is not None else {}
        found |= {"stable_rank": total.stable_rank} if total.stable_rank is not None else {}
    for name, parts in (("unet_norm", frozenset({Part.UNET})), ("text_encoder_norm", _TEXT)):
        norms = [module.spectrum.norm for module in lora.modules if module.part in parts and module.spectrum is not None]
        if norms:
            found[name] = math.sqrt(math.fsum(norm**2 for norm in norms if math.isfinite(norm)))
    if lora.modules:
        states = [module.state for module in lora.modules]
        found["nan_share"] = states.count(ModuleState.NOT_FINITE) / len(states)
        found["zero_share"] = states.count(ModuleState.UNTRAINED) / len(states)
    if lora.nonfinite:
        found["nan_count"] = float(sum(lora.nonfinite.values()))
    return found
