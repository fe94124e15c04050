"""From two trainings to two settings: what a retraining would add to the noise, and how many trainings of each would decide.

A difference of two checkpoints carries the noise of its prompts. A difference of two settings carries that of the trainings too: each
comes out a little differently with another seed. Replicates of the project show how much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtrit

from lorascope.analysis.ledger.power import runs_needed
from lorascope.analysis.paired import PairedDifference

MOST_REPLICATES = 1000


@dataclass(frozen=True, slots=True)
class SettingsDifference:
    """The same difference as one of settings: its 95 % interval with the noise of both trainings (``run_sd``, ``df`` degrees of freedom).

    ``arms``: trainings of each setting that would show the difference as measured with 80 % power (None: above 1,000, or no difference).
    ``assumed`` says that the project has no replicates, so ``run_sd`` is an assumption and there is no interval.
    """

    low: float | None
    high: float | None
    run_sd: float
    df: int
    arms: int | None
    assumed: bool


def as_settings(paired: PairedDifference, run_sd: float, df: int, *, assumed: bool) -> SettingsDifference:
    """What a paired difference of one training each says of settings.

    The degrees of freedom of the sum are Welch and Satterthwaite's.
    """
    run_variance, prompt_variance = 2 * run_sd**2, (paired.se or 0.0) ** 2
    arms = runs_needed(paired.difference, run_sd, math.sqrt(prompt_variance / 2))
    arms = arms if arms is not None and arms <= MOST_REPLICATES else None
    total = run_variance + prompt_variance
    if assumed or paired.se is None or total <= 0:
        return SettingsDifference(None, None, run_sd, df, arms, assumed)
    freedom = total**2 / (run_variance**2 / df + prompt_variance**2 / max(1, paired.n - 1))
    half = float(stdtrit(freedom, 0.975)) * math.sqrt(total)
    return SettingsDifference(paired.difference - half, paired.difference + half, run_sd, df, arms, assumed)
