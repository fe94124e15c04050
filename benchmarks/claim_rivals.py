"""What people use to say which settings matter: correlation, forests, Optuna's importances, the change list, a guess.

Every rival gets the outcomes minus the mean of their protocol, which is more than such tools do by themselves, and gives each setting
that varies a score; it declares those at or above its threshold. Enums are one column per value, and count once.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.importance import BaseImportanceEvaluator, FanovaImportanceEvaluator, PedAnovaImportanceEvaluator
from scipy import stats
from sklearn.ensemble import RandomForestRegressor

from lorascope.parameters.catalogue import find, known
from lorascope.parameters.parameter import Scale
from lorascope.records.history import History, PastRun
from lorascope.records.run import ParameterValue

Scores = dict[str, float]
Floats = NDArray[np.float64]
PERMUTATIONS, TREES = 1000, 100


@dataclass(frozen=True, slots=True)
class Data:
    """Runs as numbers: ``blocks`` has for each setting that varies its columns, ``levels`` its values per run."""

    y: Floats
    groups: tuple[str, ...]
    blocks: Mapping[str, Floats]
    levels: Mapping[str, tuple[ParameterValue, ...]]
    runs: tuple[PastRun, ...]


def data_of(history: History, metric: str) -> Data:
    """The table that rivals work on; the training seed is left out."""
    runs = history.measured(metric)
    groups = tuple(past.classes[metric] for past in runs)
    by_group: dict[str, list[float]] = defaultdict(list)
    for past, group in zip(runs, groups, strict=True):
        by_group[group].append(past.outcomes[metric].value)
    y = np.array([past.outcomes[metric].value - fmean(by_group[group]) for past, group in zip(runs, groups, strict=True)])
    names = sorted({name for past in runs for name in past.settings} - {"seed"})
    levels = {name: tuple(past.settings.get(name) for past in runs) for name in names}
    levels = {name: values for name, values in levels.items() if len(set(values)) > 1}
    return Data(y, groups, {name: _columns(name, values) for name, values in levels.items()}, levels, runs)


def _columns(name: str, values: tuple[ParameterValue, ...]) -> Floats:
    is_nominal = any(isinstance(value, str) or value is None for value in values) or (known(name) and find(name).scale is Scale.NOMINAL)
    distinct = sorted(set(values), key=str if is_nominal else _as_number)
    codes = np.array([distinct.index(value) for value in values])
    if is_nominal and len(distinct) > 2:
        return (codes[:, None] == np.arange(len(distinct))).astype(float)
    return codes[:, None] / (len(distinct) - 1.0)


def _as_number(value: ParameterValue) -> float:
    assert isinstance(value, bool | int | float)
    return float(value)


def pearson_p(data: Data, _: int) -> Scores:
    """1 - p of the best column's correlation."""
    best = pearson_r(data, 0)
    degrees = max(1, len(data.y) - 2)
    t = {name: r * np.sqrt(degrees / max(1 - r**2, 1e-12)) for name, r in best.items()}
    return {name: float(1 - 2 * stats.t.sf(one, degrees)) for name, one in t.items()}


def pearson_r(data: Data, _: int) -> Scores:
    """The best column's absolute correlation."""
    y = data.y - data.y.mean()
    found = {}
    for name, block in data.blocks.items():
        columns = block - block.mean(axis=0)
        lengths = np.sqrt((columns**2).sum(axis=0) * (y @ y))
        found[name] = float(np.max(np.abs(columns.T @ y) / np.where(lengths > 0, lengths, np.inf)))
    return found


def permutation_bh(data: Data, seed: int) -> Scores:
    """1 - q: ranks explained by the block, permuted within protocols, false discovery rate by Benjamini and Hochberg."""
    rng = np.random.default_rng(seed)
    ranks = stats.rankdata(data.y)
    group = np.array(data.groups)
    permuted = np.tile(ranks, (PERMUTATIONS + 1, 1))
    for row in permuted[1:]:
        for one in sorted(set(data.groups)):
            row[group == one] = rng.permutation(row[group == one])
    permuted -= permuted.mean(axis=1, keepdims=True)
    p = []
    for block in data.blocks.values():
        left, sizes, _ = np.linalg.svd(block - block.mean(axis=0), full_matrices=False)
        explained = ((permuted @ left[:, sizes > 1e-9]) ** 2).sum(axis=1)
        p.append(float((explained[1:] >= explained[0] - 1e-9).sum() + 1) / (PERMUTATIONS + 1))
    return dict(zip(data.blocks, 1 - stats.false_discovery_control(p), strict=True)) if p else {}


def forest(data: Data, seed: int) -> Scores:
    """Mean decrease of impurity in a random forest, added up over the columns of a setting."""
    fitted = RandomForestRegressor(TREES, random_state=seed, n_jobs=1).fit(_matrix(data), data.y)
    return _shared(data, fitted.feature_importances_)


def forest_shap(data: Data, seed: int) -> Scores:
    """Mean absolute SHAP value of the same forest."""
    import shap

    matrix = _matrix(data)
    fitted = RandomForestRegressor(TREES, random_state=seed, n_jobs=1).fit(matrix, data.y)
    values = np.abs(shap.TreeExplainer(fitted).shap_values(matrix)).mean(axis=0)
    return _shared(data, values)


def fanova(data: Data, seed: int) -> Scores:
    """Optuna's fANOVA on the runs as trials."""
    return _optuna(data, FanovaImportanceEvaluator(seed=seed))


def ped_anova(data: Data, _: int) -> Scores:
    """Optuna's PED-ANOVA, its default."""
    return _optuna(data, PedAnovaImportanceEvaluator())


def _optuna(data: Data, evaluator: BaseImportanceEvaluator) -> Scores:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    choices = {name: optuna.distributions.CategoricalDistribution(sorted(set(values), key=str)) for name, values in data.levels.items()}
    numeric = {name: block.shape[1] == 1 for name, block in data.blocks.items()}
    ranges = {name: optuna.distributions.FloatDistribution(0.0, 1.0) if numeric[name] else choices[name] for name in choices}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(direction="maximize")
        for row, value in enumerate(data.y):
            params = {name: float(data.blocks[name][row, 0]) if numeric[name] else data.levels[name][row] for name in ranges}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=ranges, value=float(value)))
        try:
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
        except (RuntimeError, ValueError):  # too few runs for it
            return dict.fromkeys(data.blocks, 0.0)
    return {name: float(found.get(name, 0.0)) for name in data.blocks}


def change_list(data: Data, _: int) -> Scores:
    """What changed in the step, from a parent to its child, that moved the outcome most."""
    place = {past.name: index for index, past in enumerate(data.runs)}
    steps = [(abs(data.y[index] - data.y[place[past.run.parent]]), past, data.runs[place[past.run.parent]])
             for index, past in enumerate(data.runs) if past.run.parent in place]  # fmt: skip
    if not steps:
        return dict.fromkeys(data.blocks, 0.0)
    _, child, parent = max(steps, key=lambda step: step[0])
    return {name: float(child.settings.get(name) != parent.settings.get(name)) for name in data.blocks}


def guess(data: Data, seed: int) -> Scores:
    """Any of them."""
    rng = np.random.default_rng(seed)
    return {name: float(score) for name, score in zip(data.blocks, rng.random(len(data.blocks)), strict=True)}


def _matrix(data: Data) -> Floats:
    return np.hstack(list(data.blocks.values()))


def _shared(data: Data, importances: Floats) -> Scores:
    """Importances of columns, added up to settings, as shares of all."""
    total = float(importances.sum()) or 1.0
    ends = np.cumsum([block.shape[1] for block in data.blocks.values()])
    parts = np.split(importances, ends[:-1])
    return {name: float(part.sum()) / total for name, part in zip(data.blocks, parts, strict=True)}


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to name causes: ``share`` of the projects it is run on (slow ones on fewer)."""

    name: str
    score: Callable[[Data, int], Scores]
    threshold: float
    share: float = 1.0


RIVALS = (
    Rival("Pearson p < .05", pearson_p, 0.95),
    Rival("Pearson |r| >= .7", pearson_r, 0.7),
    Rival("permutation + BH 10 %", permutation_bh, 0.9),
    Rival("forest MDI >= .10", forest, 0.1, 0.2),
    Rival("forest SHAP >= .10", forest_shap, 0.1, 0.1),
    Rival("Optuna fANOVA >= .10", fanova, 0.1, 0.1),
    Rival("Optuna PED-ANOVA >= .10", ped_anova, 0.1, 0.1),
    Rival("change list", change_list, 1.0),
    Rival("random guess", guess, 2.0),
)
