"""Predict how a configuration would come out, from the project's runs and from what is known of its trainer, before it is paid for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lorascope.analysis.proposals.costs import cost_of
from lorascope.analysis.proposals.prediction import advise, nearest_run, predict_metric, unseen_settings
from lorascope.analysis.proposals.risks import learned_risks
from lorascope.analysis.proposals.standing import Standing, standing_of
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.jobs.check import check
from lorascope.jobs.note_keys import LARGEST
from lorascope.jobs.propose import metric_of
from lorascope.jobs.read_history import settings_of
from lorascope.jobs.write_recipe import findings_of, parameters_of, recipe_text
from lorascope.parameters.catalogue import validate
from lorascope.parameters.dialects import DIALECTS
from lorascope.parameters.dialects.defaults import defaults_of
from lorascope.parameters.rules.rule import FAILING, Gravity, LintFinding
from lorascope.records.history import History, PastRun
from lorascope.records.proposal import Advice, Prediction, Risk
from lorascope.records.run import ParameterValue, Run, RunStatus
from lorascope.reports.wording import counted

MOST_METRICS = 5  # shown when none is named
_FEW = 5
_SHOWN = (Gravity.ABORT, Gravity.WRONG, Gravity.NO_EFFECT)
_FINISHED_ENOUGH = 6  # runs of which a third may be called the worst


@dataclass(frozen=True, slots=True)
class Planned:
    """A configuration that may be run: its settings as runs have them, its trainer, what the lint rules found, and what was unclear."""

    name: str
    settings: Mapping[str, ParameterValue]
    trainer: str
    findings: tuple[LintFinding, ...]
    images: int | None = None
    notes: tuple[str, ...] = ()


def read_plan(history: History, named: str, changes: Mapping[str, object], *, trainer: str | None = None) -> Planned:
    """The configuration in a file, or the settings of a recorded run, with changes made.

    Raises:
        NotFound: neither a file nor a run has this name. MissingFile, BadFile: the file cannot be read, or is no trainer's configuration.
        UnknownParameter, BadParameter: a change is not what the catalogue takes.
    """
    changed = validate(changes)
    path = Path(named)
    past = history.find(named)
    if past is not None and not path.is_file():
        return _of_run(past, changed)
    if past is None and not path.exists() and not path.suffix:
        names = [one.name for one in history.runs]
        raise NotFound(
            f"neither a file nor a recorded run is called {named!r}",
            next_step=did_you_mean(named, names)
            or ("list the runs: lorascope runs" if names else "no run is recorded yet: lorascope import FOLDER"),
        )
    checked = check([path], trainer=trainer)[0]
    documents = checked.configuration.documents
    said = {**checked.configuration.training.settings, **checked.configuration.scopes[0].settings}
    parameters = {name: one.value for name, one in said.items() if one.value is not None} | changed
    base_model = next((document.translation.base_model for document in documents if document.translation.base_model), None)
    whose = checked.configuration.trainer
    facts = checked.configuration.facts
    images = sum(len(folder.images) for folder in facts.folders) if facts else None
    run = Run(path.stem, whose, RunStatus.IMPORTED, parameters, base_model=base_model)
    findings = checked.findings
    if changed and whose == "kohya":
        findings = tuple(findings_of(recipe_text(_as_past(run), {}, ())))
    return Planned(str(path), _matched(_completed(settings_of(run), whose, history), history), whose, findings, images, checked.notes)


def _of_run(past: PastRun, changed: Mapping[str, ParameterValue]) -> Planned:
    parameters = {**past.run.parameters, **parameters_of(past, changed), **changed} if changed else dict(past.run.parameters)
    settings = {**past.settings, **{name: parameters[name] for name in changed}}
    findings = tuple(findings_of(recipe_text(past, changed, ())))
    return Planned(past.name, settings, past.run.trainer, findings, past.images)


def predict(
    history: History, plan: Planned, *, metric: str | None = None, target: float | None = None, direction: str | None = None,
    price_per_gpu_hour: float | None = None,
) -> Prediction:  # fmt: skip
    """How a planned run would come out, and whether to make it. The verdict is on ``metric``, else on the one measured most.

    Raises:
        NotFound: no run has a number of this metric. BadParameter: a target without knowing which way is better, or one that is no number.
    """
    for name, number in (("target", target), ("price", price_per_gpu_hour)):
        if number is not None and not abs(number) <= LARGEST:
            raise BadParameter(f"{name} = {number}: must be a number", next_step=f"leave --{name} out where it is not known")
    aborts, known_risks = _from_rules(plan.findings)
    cost = cost_of(history, plan.settings, plan.images)
    chosen = metric_of(history, metric) if history.runs or metric is None else None
    standings = _standings(history, chosen, named=metric is not None, direction=direction, asked=plan.settings)
    judged = standings[0] if standings else None
    if target is not None and judged is not None and judged.direction is None:
        raise BadParameter(f"nobody says which way {judged.metric} is better", next_step="say it: --direction lower or --direction higher")
    metrics = [
        predict_metric(one, history.facts(one.metric), plan.settings, target if one is judged else None) for one in standings
    ]  # fmt: skip
    unseen = unseen_settings(judged.runs, plan.settings) if judged and judged.runs else ()
    verdict, reason = advise(metrics[:1], aborts, unseen)
    if verdict is Advice.RUN and target is None:
        reason += ", which is the best run's shrunken value: no worse than that run is expected"
    learned = _learned(judged, plan.settings, target) if judged else ()
    nearest = nearest_run(History(judged.runs, history.metrics) if judged else history, plan.settings)
    return Prediction(
        verdict, tuple(metrics), (*learned, *known_risks), nearest.past.name if nearest else None, nearest.change if nearest else {},
        cost.hours.estimate, None, _notes(history, plan, judged), reason, cost.hours.low, cost.hours.high,
        cost.money(price_per_gpu_hour), f"{cost.basis}, n = {cost.runs} runs" if cost.runs else cost.basis, unseen,
    )  # fmt: skip


def _standings(
    history: History, chosen: str | None, *, named: bool, direction: str | None, asked: Mapping[str, ParameterValue]
) -> list[Standing]:
    """The metric that the verdict is on, then the others that are measured, if none was named."""
    if chosen is None:
        return []
    others = (
        []
        if named
        else sorted(
            (name for name in history.metrics if name != chosen and history.measured(name)),
            key=lambda name: (-len(history.measured(name)), name),
        )
    )
    found = [standing_of(history, chosen, direction=direction, asked=[asked])]
    return [*found, *(standing_of(history, name, asked=[asked]) for name in others[: MOST_METRICS - 1])]


def _from_rules(findings: Sequence[LintFinding]) -> tuple[list[str], tuple[Risk, ...]]:
    """What would stop the training, and everything that the lint rules know of its trainer."""
    aborts = [finding.message for finding in findings if finding.severity is Gravity.ABORT]
    risks = tuple(
        Risk(
            f"{finding.rule}: {finding.key}" if finding.key else finding.rule,
            0,
            1.0 if finding.severity in FAILING else None,
            finding.message,
        )
        for finding in findings
        if finding.severity in _SHOWN
    )
    return aborts, risks


def _learned(standing: Standing, asked: Mapping[str, ParameterValue], target: float | None) -> tuple[Risk, ...]:
    if standing.direction is None or len(standing.runs) < _FINISHED_ENOUGH:
        return ()
    values = [standing.sign * standing.value(past) for past in standing.runs]
    if target is not None:
        bad, what = [value < standing.sign * target for value in values], f"{standing.metric} misses {target:g}"
    else:
        edge = sorted(values)[len(values) // 3]
        bad, what = [value < edge for value in values], f"{standing.metric} among the worst third of {len(values)} runs"
    return learned_risks([past.settings for past in standing.runs], bad, asked, what)


def _completed(settings: Mapping[str, ParameterValue], trainer: str, history: History) -> dict[str, ParameterValue]:
    """What the configuration leaves to its trainer, where every run says it: the trainer's default is then what would be run."""
    measured = [past.settings for past in history.runs if past.outcomes]
    dialect = next((dialect for dialect in DIALECTS if dialect.trainer == trainer), None)
    if not measured or dialect is None:
        return dict(settings)
    everywhere = set(measured[0]).intersection(*measured)
    unsaid = {
        name: value for name, value in defaults_of(dialect).items() if name in everywhere and name not in settings and value is not None
    }
    return {**settings, **unsaid}


def _matched(settings: Mapping[str, ParameterValue], history: History) -> dict[str, ParameterValue]:
    """The base model under the name that runs have it: the same file lies elsewhere on every machine."""
    found = dict(settings)
    for name in ("base_model", "pretrained_model_name_or_path"):
        own = found.get(name)
        known = sorted({str(past.settings[name]) for past in history.runs if past.settings.get(name) is not None})
        same = [one for one in known if isinstance(own, str) and _last(one) == _last(own)]
        if same and own not in known:
            found[name] = same[0]
    return found


def _notes(history: History, plan: Planned, judged: Standing | None) -> tuple[str, ...]:
    notes = list(plan.notes)
    if not history.runs:
        notes.append("no run is recorded: bring in what you have (lorascope import FOLDER), or start with lorascope next")
    elif judged is None:
        notes.append(f"no run is measured: lorascope evaluate {history.runs[-1].name}")
    else:
        if judged.left_out:
            example = min(judged.left_out)
            notes.append(f"{counted(len(judged.left_out), 'run')} left out, such as {example}: {judged.left_out[example]}")
        if judged.model is None:
            notes.append(
                f"{judged.metric}: {len(judged.runs)} comparable runs, or all of them equal: it takes 3 that differ to predict from"
            )
        if judged.direction is None:
            notes.append(f"nobody says which way {judged.metric} is better: --direction lower or higher")
        trainers = sorted({past.run.trainer for past in judged.runs if past.run.trainer != "unknown"})
        if trainers and plan.trainer != "unknown" and plan.trainer not in trainers:
            notes.append(f"a configuration of {plan.trainer}, while the runs were trained with {', '.join(trainers[:_FEW])}")
    return tuple(dict.fromkeys(notes))


def _as_past(run: Run) -> PastRun:
    return PastRun(run, settings_of(run))


def _last(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name.lower()
