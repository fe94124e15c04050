"""Ask Optuna what to try next, seeded with the runs there are. The only file that imports Optuna (the extra ``search``)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lorascope.errors import MissingExtra
from lorascope.parameters.catalogue import find
from lorascope.parameters.parameter import Kind, Scale
from lorascope.records.run import ParameterValue

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Settings = Mapping[str, ParameterValue]
RANDOM_BELOW = 30  # runs: under it a sampler has little to go by
_BEYOND = 2.0  # how far outside the values seen rates and sizes are searched: half the least to twice the greatest


def suggest(
    seen: Sequence[Settings], values: Sequence[float], names: Sequence[str], *, higher: bool, count: int, seed: int
) -> list[dict[str, ParameterValue]]:  # fmt: skip
    """What Optuna's TPE sampler would try, after the outcomes ``values`` of the runs ``seen``: ``count`` settings of ``names``.

    Every run is told to Optuna as a finished trial with the distributions of the catalogue (Bergstra et al. 2011). Same seed, same answer.

    Raises:
        MissingExtra: Optuna is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        what = "the sampler tpe is Optuna's, which is not installed"
        raise MissingExtra(what, next_step="pip install 'lorascope[search]', or leave out --sampler tpe") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {name: found for name in sorted(names) if (found := distribution(name, [settings.get(name) for settings in seen]))}
    if not distributions:
        return []
    sampler = optuna.samplers.TPESampler(seed=seed)
    study = optuna.create_study(direction="maximize" if higher else "minimize", sampler=sampler)
    for settings, value in zip(seen, values, strict=True):
        told = {name: settings[name] for name in distributions if _fits(settings.get(name), distributions[name])}
        told_distributions = {name: distributions[name] for name in told}
        study.add_trial(optuna.trial.create_trial(params=told, distributions=told_distributions, value=value))
    return [_tidy(study.ask(distributions).params) for _ in range(count)]


def distribution(name: str, seen: Sequence[ParameterValue]) -> BaseDistribution | None:
    """What a setting may be, from the catalogue and the values seen; None where there is nothing to choose from."""
    import optuna

    values = [value for value in seen if value is not None]
    parameter = find(name)
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)]
    if (
        parameter.kind not in {Kind.INTEGER, Kind.FLOAT}
        or parameter.scale is Scale.NOMINAL
        or parameter.choices
        or len(numbers) < len(values)
    ):
        choices = sorted(
            {*values, *((True, False) if parameter.kind is Kind.BOOLEAN else ())}, key=lambda value: (str(type(value)), str(value))
        )
        return optuna.distributions.CategoricalDistribution(choices) if len(choices) > 1 else None
    if not numbers:
        return None
    low, high = min(numbers), max(numbers)
    if parameter.scale is Scale.LOG or low == high:
        low, high = low / _BEYOND, high * _BEYOND
    low = max(low, parameter.low if parameter.low is not None else low)
    high = min(high, parameter.high if parameter.high is not None else high)
    log = parameter.scale is Scale.LOG and low > 0
    if parameter.kind is Kind.INTEGER:
        low, high = math.ceil(low), math.floor(high)
        return optuna.distributions.IntDistribution(max(1, low) if log else low, high, log=log) if high > low else None
    return optuna.distributions.FloatDistribution(low, high, log=log) if high > low else None


def _fits(value: ParameterValue, distribution: BaseDistribution) -> bool:
    """Whether a run's value is one that the distribution knows."""
    import optuna

    if value is None:
        return False
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return value in distribution.choices
    return isinstance(value, int | float) and math.isfinite(value)


def _tidy(parameters: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """Two digits for rates: the rest is noise."""
    return {name: float(f"{value:.2g}") if isinstance(value, float) else value for name, value in parameters.items()}
