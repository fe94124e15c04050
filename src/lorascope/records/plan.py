"""A plan: what a hypothesis declares before any data are looked at, so that nobody can move the goal afterwards.

It travels in the hypothesis' own keys and, beyond those, in keys of its ``extra``, under the names used here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.hypothesis import Hypothesis
from lorascope.records.plain import number, text, texts
from lorascope.records.run import JsonValue, ParameterValue

CHANGE, RULE, EPOCHS, LEVEL = "change", "rule", "epochs", "level"
ALWAYS_SHARE = 0.9  # a rule that says "always" is taken to claim nine runs of ten


@dataclass(frozen=True, slots=True)
class Plan:
    """How a hypothesis is to be judged.

    ``kind``: "change" (the settings in ``change``, each from one value to another, move the metric by at least ``threshold``), "rule"
    (runs for which ``rule`` holds have the metric beyond ``threshold`` in at least ``share`` of cases), "epochs" (one of ``epochs`` is
    the best checkpoint of the run it names), "level" (the run it names reaches ``threshold``), or "" when it does not say enough to be
    judged: ``lacks`` tells what is missing.
    ``n`` is per arm: prompts, answers of a yes-or-no metric, or for a rule, runs. ``registered_at`` is None where nobody registered it
    before looking; ``seen`` are the runs whose numbers were there already. ``registration`` is the digest of what was declared.
    """

    name: str
    kind: str
    metric: str | None = None
    direction: str | None = None
    threshold: float | None = None
    prior: float | None = None
    change: Mapping[str, tuple[ParameterValue, ParameterValue]] = field(default_factory=dict)
    rule: str | None = None
    share: float = ALWAYS_SHARE
    epochs: tuple[int, ...] = ()
    protocol: Mapping[str, ParameterValue] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    claimed_n: int | None = None
    n: int | None = None
    seeds: int = 1
    runs_per_arm: int = 1
    baseline: float | None = None
    sd: float | None = None
    run_sd: float | None = None
    power: float | None = None
    value: float = 1.0
    cost_gpu_hours: float | None = None
    falsified_by: str | None = None
    contradicts: tuple[str, ...] = ()
    replaces: str | None = None
    note_only: bool = False
    registered_at: float | None = None
    registration: str | None = None
    seen: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """1 when the metric is to rise, -1 when it is to fall."""
        return -1 if self.direction == "lower" else 1


def plan_of(hypothesis: Hypothesis) -> Plan:
    """The plan that a hypothesis declares. What others wrote in a key of another kind counts as not said."""
    extra = hypothesis.extra
    change, rule = _change(extra.get("change")), text(extra.get("rule")) or None
    value = _number(extra, "value", 0.0)
    epochs = _epochs(extra.get("epochs"))
    kind = CHANGE if change else RULE if rule else _of_one_run(hypothesis, epochs)
    return Plan(
        name=hypothesis.name,
        kind=kind,
        metric=hypothesis.metric,
        direction=hypothesis.direction,
        threshold=hypothesis.threshold,
        prior=hypothesis.prior,
        change=change,
        rule=rule,
        share=_number(extra, "share", 0.0, 1.0) or ALWAYS_SHARE,
        epochs=epochs,
        protocol=_flat(extra.get("protocol")),
        runs=hypothesis.runs,
        claimed_n=hypothesis.claimed_n,
        n=_count(extra, "n"),
        seeds=_count(extra, "seeds") or 1,
        runs_per_arm=_count(extra, "runs_per_arm") or 1,
        baseline=_number(extra, "baseline"),
        sd=_number(extra, "sd", 0.0),
        run_sd=_number(extra, "run_sd", 0.0),
        power=_number(extra, "power", 0.0, 1.0),
        value=1.0 if value is None else value,
        cost_gpu_hours=_number(extra, "cost_gpu_hours", 0.0),
        falsified_by=text(extra.get("falsified_by")) or None,
        contradicts=texts(extra.get("contradicts")),
        replaces=text(extra.get("replaces")) or None,
        note_only=extra.get("note_only") is True,
        registered_at=_number(extra, "registered_at"),
        registration=text(extra.get("registration")) or None,
        seen=texts(extra.get("seen")),
        lacks=_lacks(hypothesis, kind),
    )


def _of_one_run(hypothesis: Hypothesis, epochs: tuple[int, ...]) -> str:
    if not hypothesis.runs:
        return ""
    return EPOCHS if epochs else LEVEL if hypothesis.threshold is not None else ""


def _epochs(value: JsonValue) -> tuple[int, ...]:
    return tuple(item for item in value if isinstance(item, int) and not isinstance(item, bool)) if isinstance(value, list) else ()


def _lacks(hypothesis: Hypothesis, kind: str) -> tuple[str, ...]:
    """What a judge would have to make up."""
    missing = []
    if hypothesis.metric is None:
        missing.append("a metric")
    if hypothesis.direction is None and hypothesis.metric is not None:
        missing.append("a direction")
    if not kind:
        missing.append("a change of settings, rule over runs, or epochs of a run")
    if hypothesis.metric is not None and kind == RULE and hypothesis.threshold is None:
        missing.append("a threshold")
    return tuple(missing)


def _change(value: JsonValue) -> dict[str, tuple[ParameterValue, ParameterValue]]:
    """{parameter: [from, to]}, by name; empty unless every entry is such a pair of different plain values."""
    if not isinstance(value, dict):
        return {}
    found: dict[str, tuple[ParameterValue, ParameterValue]] = {}
    for name, pair in sorted(value.items()):
        if not isinstance(pair, list) or len(pair) != 2:
            return {}
        old, new = pair
        if isinstance(old, list | dict) or isinstance(new, list | dict) or old == new:
            return {}
        found[name] = (old, new)
    return found


def _number(extra: Mapping[str, JsonValue], key: str, low: float = -math.inf, high: float = math.inf) -> float | None:
    value = number(extra.get(key))
    return value if value is not None and low <= value <= high else None


def _count(extra: Mapping[str, JsonValue], key: str) -> int | None:
    value = extra.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 10**9 else None


def _flat(value: JsonValue) -> dict[str, ParameterValue]:
    if not isinstance(value, dict):
        return {}
    return {name: item for name, item in sorted(value.items()) if not isinstance(item, list | dict)}
