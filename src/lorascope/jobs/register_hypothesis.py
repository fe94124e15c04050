"""Register a hypothesis: declare how it will be judged before there is anything to see, and refuse tests that would rather miss it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lorascope.analysis.ledger.arms import on_side
from lorascope.analysis.ledger.belief import EVEN, LEAST_POWER, expected_information
from lorascope.analysis.ledger.contradictions import Contradiction, contradictions
from lorascope.analysis.ledger.plan_power import PlanPower, plan_power
from lorascope.analysis.where_text import parse_where
from lorascope.errors import AlreadyExists, BadParameter, NotFound
from lorascope.jobs.hypothesis_numbers import Numbers, read_numbers
from lorascope.jobs.read_ledger import registration_of
from lorascope.records.hypothesis import Hypothesis
from lorascope.records.plan import CHANGE, Plan, plan_of
from lorascope.records.run import JsonValue, ParameterValue
from lorascope.store import Store

MOST_SEEN = 1_000  # runs whose numbers were there already that a registration names


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody declares; None and empty where they say nothing."""

    name: str
    statement: str
    metric: str
    direction: str
    threshold: float | None = None
    change: Mapping[str, tuple[ParameterValue, ParameterValue]] | None = None
    rule: str | None = None
    share: float | None = None
    prior: float | None = None
    n: int | None = None
    seeds: int | None = None
    runs_per_arm: int | None = None
    baseline: float | None = None
    sd: float | None = None
    run_sd: float | None = None
    protocol: Mapping[str, ParameterValue] | None = None
    value: float | None = None
    cost_gpu_hours: float | None = None
    falsified_by: str | None = None
    source: str = ""
    replaces: str | None = None
    note_only: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """The hypothesis as it was recorded, its power, what a test is expected to teach (bits), what contradicts it, and notes."""

    hypothesis: Hypothesis
    power: PlanPower
    information_bits: float | None
    contradictions: tuple[Contradiction, ...]
    notes: tuple[str, ...]


def register(store: Store, draft: Draft, *, at: float | None = None) -> Registered:
    """Record a hypothesis with the time ``at`` (now when left out) and the power of its test.

    Raises:
        AlreadyExists: one of this name is there. NotFound: what it replaces is not. BadParameter: a value makes no sense, or the test
            would find the effect in less than half of the cases (the message has the n that would do).
    """
    known = {hypothesis.name: hypothesis for hypothesis in store.hypotheses()}
    _check(draft, known)
    numbers = read_numbers(store, [draft.metric])
    hypothesis = _hypothesis(draft)
    plan, notes = _with_measured_noise(plan_of(hypothesis), numbers)
    power = plan_power(plan, yes_or_no=numbers.yes_or_no(draft.metric))
    if not draft.note_only:
        _refuse_weak(draft, power)
    seen = _seen(plan, numbers)
    extra: dict[str, JsonValue] = {
        **hypothesis.extra,
        **_measured(plan, draft),
        "registered_at": time.time() if at is None else at,
        "seen": list(seen[:MOST_SEEN]),
    }
    if power.power is not None:
        extra["power"] = float(f"{power.power:.6g}")
    hypothesis = replace(hypothesis, extra=extra)
    hypothesis = replace(hypothesis, extra={**extra, "registration": registration_of(hypothesis)})
    store.put_hypotheses([hypothesis])
    plans = [plan_of(one) for one in (*known.values(), hypothesis)]
    against = tuple(one for one in contradictions(plans) if draft.name in {one.first, one.second})
    information = expected_information(EVEN if draft.prior is None else draft.prior, power.power) if power.power is not None else None
    if seen:
        notes.append(f"{len(seen)} runs have numbers of it already: judged by them it stays exploratory; new runs count as a test")
    return Registered(hypothesis, power, information, against, (*power.assumes, *notes))


def _check(draft: Draft, known: Mapping[str, Hypothesis]) -> None:
    if draft.name in known:
        raise AlreadyExists(
            f"a hypothesis {draft.name!r} is registered; it cannot be changed",
            next_step=f"register a new version: lorascope hypothesis add NEW_NAME --replaces {draft.name} …",
        )
    if draft.replaces is not None and draft.replaces not in known:
        raise NotFound(f"no hypothesis {draft.replaces!r} to replace", next_step="see them: lorascope hypothesis list --all")
    if bool(draft.change) == bool(draft.rule):
        raise BadParameter(
            "a hypothesis is about a change of settings or a rule over runs", next_step="give --change NAME=FROM:TO, or --rule CONDITION"
        )
    if draft.rule:
        parse_where(draft.rule)
        if draft.threshold is None:
            raise BadParameter("a rule needs the value of the metric that it speaks of", next_step="give --threshold")
    _check_numbers(draft)


def _check_numbers(draft: Draft) -> None:
    for name, value in (("prior", draft.prior), ("share", draft.share)):
        if value is not None and not 0 < value < 1:
            raise BadParameter(
                f"{name} = {value:g}: must be above 0 and below 1; nothing can change a certainty", next_step=f"--{name} 0.9"
            )
    for name, number in (("threshold", draft.threshold), ("baseline", draft.baseline), ("sd", draft.sd), ("run-sd", draft.run_sd)):
        if number is not None and not math.isfinite(number):
            raise BadParameter(f"{name} = {number}: must be a number", next_step=f"leave --{name} out where it is not known")
    if draft.change and draft.threshold is not None and draft.threshold < 0:
        raise BadParameter(
            f"threshold = {draft.threshold:g}: say by how much, and with --direction which way",
            next_step=f"--threshold {-draft.threshold:g}",
        )


def _refuse_weak(draft: Draft, power: PlanPower) -> None:
    """Refuse a test that would miss the effect more often than find it, or of which nobody can say."""
    noted = "or note it only, never to be judged: --note-only"
    would_do = (
        f"n = {power.n_needed} {power.unit} on each side would find it in 80 % of cases" if power.n_needed else "no n up to 4,000 would do"
    )
    if power.power is None:
        missing = " and ".join(power.lacks)
        hint = (
            f"{would_do}: --n {power.n_needed}"
            if power.n_needed
            else "give --n, --threshold, and --baseline (of a share) or --sd (of a mean)"
        )
        raise BadParameter(f"the power of this test cannot be computed: it does not say {missing}", next_step=f"{hint}; {noted}")
    if power.power < LEAST_POWER:
        what = f"with n = {draft.n} {power.unit} the test would find this effect in only {100 * power.power:.1f} % of cases"
        more = f"--n {power.n_needed}" if power.n_needed else "more trainings (--runs-per-arm), or look for a larger effect (--threshold)"
        raise BadParameter(f"{what}: whatever comes out would decide nothing; {would_do}", next_step=f"{more}; {noted}")


def _hypothesis(draft: Draft) -> Hypothesis:
    extra: dict[str, JsonValue] = {}
    for name in ("rule", "share", "n", "seeds", "runs_per_arm", "baseline", "sd", "run_sd", "value", "cost_gpu_hours", "replaces"):
        value = getattr(draft, name)
        if value is not None:
            extra[name] = value
    if draft.change:
        extra["change"] = {name: list(pair) for name, pair in sorted(draft.change.items())}
    if draft.protocol:
        extra["protocol"] = dict(sorted(draft.protocol.items()))
    if draft.note_only:
        extra["note_only"] = True
    extra["falsified_by"] = draft.falsified_by or _falsified_by(draft)
    threshold = draft.threshold
    return Hypothesis(draft.name, draft.statement, draft.source, None, draft.metric, draft.direction, threshold, draft.prior, extra=extra)


def _falsified_by(draft: Draft) -> str:
    """What would speak against it, where nobody says it in other words."""
    if draft.rule:
        share = draft.share or 0.9
        return f"the 95 % interval of the rate among runs with {draft.rule} lies below {100 * share:.0f} %"
    move = "rise" if draft.direction == "higher" else "fall"
    return f"{draft.metric} does not {move} by {draft.threshold:g}" if draft.threshold else f"{draft.metric} does not {move}"


def _with_measured_noise(plan: Plan, numbers: Numbers) -> tuple[Plan, list[str]]:
    """The plan with the noise that this project's own runs show, where the plan does not declare one."""
    notes = []
    if plan.sd is None and plan.kind == CHANGE and plan.baseline is None and (sd := prompt_difference_sd(plan, numbers)) is not None:
        plan = replace(plan, sd=sd)
        notes.append(f"the spread of the difference over prompts, {sd:.3g}, is measured on checkpoints of this project")
    noise = numbers.noise(plan)
    if plan.run_sd is None and noise.sd is not None:
        plan = replace(plan, run_sd=noise.sd)
        notes.append(f"the noise between trainings, {noise.sd:.3g}, is measured on runs of this project that differ in their seed only")
    return plan, notes


def prompt_difference_sd(plan: Plan, numbers: Numbers) -> float | None:
    """How much the difference of two checkpoints of a run varies over prompts, pooled over all neighbors; None without any."""
    squares, df = 0.0, 0
    for (_, metric), by_epoch in sorted(numbers.cells.items()):
        if metric != plan.metric:
            continue
        epochs = sorted(by_epoch)
        for first, second in pairwise(epochs):
            shared = sorted(set(by_epoch[first]) & set(by_epoch[second]))
            differences = [by_epoch[second][prompt][0] - by_epoch[first][prompt][0] for prompt in shared]
            if len(differences) > 1:
                mean = math.fsum(differences) / len(differences)
                squares += math.fsum((difference - mean) ** 2 for difference in differences)
                df += len(differences) - 1
    return math.sqrt(squares / df) if df >= 4 and squares > 0 else None


def _measured(plan: Plan, draft: Draft) -> dict[str, JsonValue]:
    """The measured noise that the power rests on, kept with the plan."""
    found: dict[str, JsonValue] = {}
    if draft.sd is None and plan.sd is not None:
        found["sd"] = float(f"{plan.sd:.6g}")
    if draft.run_sd is None and plan.run_sd is not None:
        found["run_sd"] = float(f"{plan.run_sd:.6g}")
    return found


def _seen(plan: Plan, numbers: Numbers) -> Sequence[str]:
    """The runs that have numbers of the metric already and that the plan speaks of (of a rule: all of them)."""
    measured = numbers.measured(plan)
    if plan.kind == CHANGE:
        measured = [past for past in measured if on_side(past, plan.change, 0) or on_side(past, plan.change, 1)]
    return sorted(past.name for past in measured)
