"""Puts the evidence of many files together into trainings. A pure function: the order of the files makes no difference.

Checkpoints come first: by session id, else by folder and name; sessions that resume each other are one training
(group_sessions.py). Then configurations, logs and samples join the training of their name in their folder, in one inside or
around it, or beside it, whose values they contradict least and whose time they are nearest to. What is left is a training
without checkpoints: one that has only begun, or whose files are elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lorascope.importers.evidence import Evidence
from lorascope.importers.evidence_memory import remember
from lorascope.importers.group_checkpoints import number_checkpoints
from lorascope.importers.group_notes import merged_notes
from lorascope.importers.group_parameters import agree, same
from lorascope.importers.group_samples import join_series, place_samples
from lorascope.importers.group_sessions import lineages_of
from lorascope.importers.training import Lineage, Training
from lorascope.records.run import JsonValue, Run, RunStatus

NAME_LIMIT_SIGNS = 200
_Fit = tuple[int, int, float]


def group(evidence: Sequence[Evidence]) -> list[Training]:
    """The trainings that the evidence speaks of, in the order they began, each under a name of its own."""
    ordered = sorted(evidence, key=lambda each: (str(each.source), each.format))
    lineages = lineages_of(ordered)
    rest = [each for each in ordered if each.checkpoint is None and each.session is None]
    rest = _attached(lineages, rest, named=True)
    lineages += _without_checkpoints([each for each in rest if each.training is not None])
    rest = _attached(lineages, [each for each in rest if each.training is None], named=False)
    lineages += _nameless(rest)
    trainings = [_training(lineage) for lineage in lineages if any(map(_tells_of_a_run, lineage.all))]
    trainings.sort(
        key=lambda each: (each.run.started_at is None, each.run.started_at or 0.0, each.run.name, [str(s) for s in each.sources])
    )
    return _with_own_names(trainings)


def _attached(lineages: list[Lineage], rest: list[Evidence], *, named: bool) -> list[Evidence]:
    """Give evidence to the training it fits best; returns what fits none, or several alike."""
    left = []
    homes: list[tuple[Lineage, Evidence]] = []
    for each in rest:
        if (each.training is not None) is not named:
            left.append(each)
            continue
        judged = [(_fit(lineage, each), index) for index, lineage in enumerate(lineages)]
        fits = sorted((fit, index) for fit, index in judged if fit is not None)
        if not fits or (len(fits) > 1 and fits[0][0] == fits[1][0] and not named):
            left.append(each)
            continue
        homes.append((lineages[fits[0][1]], each))
    for lineage, each in homes:  # after all are judged: a training must not change while others are compared with it
        lineage.others.append(each)
    return left


def _fit(lineage: Lineage, each: Evidence) -> _Fit | None:
    """How ill evidence fits a training: contradicted values, distance of folders, seconds apart. None: it cannot be of it."""
    is_other = each.training is not None and each.training != lineage.training
    # OneTrainer's checkpoints carry no name; its configuration in the same workspace does
    if is_other and not (lineage.training is None and lineage.folder == each.folder and each.trainer == _trainer(lineage) == "onetrainer"):
        return None
    if "unknown" not in (trainers := {each.trainer, _trainer(lineage)}) and len(trainers) > 1:
        return None
    rank, apart_s = _folder_rank(lineage.folder, each.folder), _apart_s(lineage, each)
    if rank is None or (each.training is None and rank > 1 and (apart_s is None or apart_s > 60)):
        return None
    first = lineage.all[0].parameters
    contradicted = sum(not same(value, first[name]) for name, value in each.parameters.items() if name in first)
    if contradicted and each.training is None and _is_configuration(each):
        return None  # a preset that only lies in the same folder must not lend its values to a training
    return contradicted, rank, apart_s or 0.0


def _is_configuration(each: Evidence) -> bool:
    return bool(each.parameters) and not (each.checkpoint or each.series or each.samples or "dataset" in each.format)


def _folder_rank(training: Path, other: Path) -> int | None:
    """0 the same folder, 1 inside it, 2 around it, 3 beside it, None elsewhere."""
    if training == other:
        return 0
    if training in other.parents:
        return 1
    if other in training.parents[:2]:
        return 2
    return 3 if training.parent == other.parent or training.parent in other.parents[:2] else None


def _apart_s(lineage: Lineage, each: Evidence) -> float | None:
    """Seconds between the time of evidence and that of the training; 0 within it, None where one is not known."""
    points = (series.times[0] for series in each.series if series.times)
    moments = (*points, *(sample.drawn_at for sample in each.samples), each.started_at)
    moment = next((moment for moment in moments if moment is not None), None)
    starts = [one.started_at for one in lineage.all if one.started_at is not None]
    ends = [one.finished_at for one in lineage.all if one.started_at is not None and one.finished_at is not None]
    if moment is None or not starts:
        return None
    return max(0.0, min(starts) - moment, moment - max(ends, default=min(starts)))


def _trainer(lineage: Lineage) -> str:
    return next((each.trainer for each in lineage.all if each.trainer != "unknown"), "unknown")


def _without_checkpoints(rest: list[Evidence]) -> list[Lineage]:
    """Trainings of which no checkpoint is there: one for each folder and name, and for each configuration that contradicts another."""
    found: defaultdict[tuple[Path, str | None], list[Lineage]] = defaultdict(list)
    for each in rest:
        of_name = found[each.folder, each.training]
        home = next((lineage for lineage in of_name if all(_agree(other, each) for other in lineage.others)), None)
        if home is None:
            home = Lineage()
            of_name.append(home)
        home.others.append(each)
    return [lineage for of_name in found.values() for lineage in of_name]


def _agree(one: Evidence, other: Evidence) -> bool:
    """Whether two files can be of one training: two configurations of one kind that name different values are two plans."""
    if one.format != other.format or not (_is_configuration(one) and _is_configuration(other)):
        return True
    return all(same(value, one.parameters[name]) for name, value in other.parameters.items() if name in one.parameters)


def _nameless(rest: list[Evidence]) -> list[Lineage]:
    """What no training took: logs and samples of one folder are of one training, each configuration is one of its own."""
    found: defaultdict[Path, Lineage] = defaultdict(Lineage)
    for each in rest:
        found[each.folder if each.series or each.samples else each.source].others.append(each)
    return list(found.values())


def _tells_of_a_run(each: Evidence) -> bool:
    """Whether there was a training: prompts, a state or a dataset file alone do not say so."""
    told = bool(each.parameters) and "dataset" not in each.format
    return told or each.checkpoint is not None or bool(each.series or each.samples)


def _training(lineage: Lineage) -> Training:
    """Put one lineage's evidence together."""
    agreed = agree(lineage)
    numbered = number_checkpoints(lineage, agreed.parameters)
    drawn, lost = place_samples(lineage, numbered, agreed.parameters)
    every = lineage.all
    sessions = tuple(session.id for session in lineage.sessions if session.id)
    notes = list(dict.fromkeys([*merged_notes(_by_source(every)), *agreed.notes, *numbered.notes, *lost]))
    if not numbered.checkpoints:
        notes.append("no checkpoint of it was found")
    run = Run(
        name=_name(lineage),
        trainer=_trainer(lineage),
        status=RunStatus.IMPORTED,
        parameters=agreed.parameters,
        base_model=next((each.base_model for each in every if each.base_model), None),
        started_at=min((each.started_at for each in every if each.started_at is not None), default=None),
        finished_at=max((each.finished_at for each in every if each.finished_at is not None), default=None),
        extra={
            "folder": str(lineage.folder),
            "training": _name(lineage),
            "sessions": list(sessions),
            "sources": [remember(each, agreed.parameters, agreed.kept) for each in _by_source(every) if not each.samples],
            "provenance": agreed.provenance,
            "kept": agreed.kept,
            "unclear": list[JsonValue](notes),
        },
        counted_in=numbered.counted_in,
    )
    run_series = join_series(lineage, numbered)
    training = Training(
        run, numbered.checkpoints, drawn, run_series, sessions, tuple(each.source for each in _by_source(every)), tuple(notes)
    )
    return training.named(run.name)


def _by_source(every: list[Evidence]) -> list[Evidence]:
    return sorted(every, key=lambda each: (str(each.source), each.format))


def _name(lineage: Lineage) -> str:
    """What the files call the training, as text that a store can hold; else its folder's name."""
    first = lineage.all[0]
    fallback = first.source.stem if not lineage.sessions and not first.series else lineage.folder.name
    name = (lineage.training or fallback).encode("utf-8", "replace").decode().replace("\0", "").strip()
    return name[:NAME_LIMIT_SIGNS] or "run"


def _with_own_names(trainings: list[Training]) -> list[Training]:
    taken: set[str] = set()
    result = []
    for training in trainings:
        name = free_name(training.run.name, taken)
        taken.add(name)
        result.append(training if name == training.run.name else replace(training).named(name))
    return result


def free_name(name: str, taken: set[str]) -> str:
    """The name, or the name with the first number that makes it a new one.

    >>> free_name("cat", {"cat", "cat (2)"})
    'cat (3)'
    """
    if name not in taken:
        return name
    number = 2
    while (numbered := f"{name} ({number})") in taken:
        number += 1
    return numbered
