"""The whole story on a real built-in experiment: do wrong captions matter, and can they be repaired from the pixels?

203 sprites carry captions with planted defects of the kinds that a real project had. The captions are audited and repaired;
one LoRA is trained on each version with the same recipe and seed; every checkpoint draws the same prompts; the pictures are
measured; checkpoints are picked, runs compared, a report written. Nothing is arranged: what comes out is shown.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lorascope.jobs.audit import AuditResult, audit
from lorascope.jobs.clean import CleanResult, clean
from lorascope.jobs.compare import Comparison, compare
from lorascope.jobs.engines.engine import Engine
from lorascope.jobs.evaluate import EvaluateRequest, evaluate
from lorascope.jobs.explain import explain
from lorascope.jobs.keep_findings import keep_findings
from lorascope.jobs.pick import Pick, pick
from lorascope.jobs.progress import Progress
from lorascope.jobs.read_assets import demo_base_model, demo_dataset, demo_plants
from lorascope.jobs.read_suite import read_suite
from lorascope.jobs.report import Report, ReportRequest, write_report
from lorascope.jobs.train import TrainRequest, train
from lorascope.records.cause import Explanation
from lorascope.records.run import ParameterValue
from lorascope.store import Store

AS_FOUND, REPAIRED = "as_found", "repaired"
METRIC = "background_color_accuracy"
TRIGGER = "bespoke"


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """One run of the demo, for a process of its own."""

    name: str
    store_url: str
    blobs: Path
    dataset: Path
    output: Path
    parameters: Mapping[str, ParameterValue]
    parent: str | None


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo found. ``seconds`` is wall time by stage; ``planted`` how many captions carry each planted defect."""

    folder: Path
    planted: Mapping[str, int]
    found: AuditResult
    cleaned: CleanResult
    left: AuditResult
    picks: Mapping[str, Pick]
    comparison: Comparison
    why: Explanation
    report: Report
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """Where the experiment goes (an empty folder with a lab) and what differs from the toy trainer's preset."""

    folder: Path
    store_url: str
    blobs: Path
    parameters: Mapping[str, ParameterValue]


def demo(request: DemoRequest, engine: Engine, progress_of: Callable[[str], Progress]) -> DemoResult:
    """Run the experiment; ``progress_of`` gives the progress of a stage or run by name."""
    folder, where = request.folder, (request.store_url, request.blobs)
    clock = _Clock()
    datasets = {name: folder / name for name in (AS_FOUND, REPAIRED)}
    shutil.copytree(demo_dataset(), datasets[AS_FOUND])
    found = audit(datasets[AS_FOUND], trigger=TRIGGER, progress=progress_of("audit"))
    clock.lap("audit")
    cleaned = clean(datasets[AS_FOUND], datasets[REPAIRED], include_ask=True, trigger=TRIGGER)
    left = audit(datasets[REPAIRED], trigger=TRIGGER)
    clock.lap("clean")
    tasks = [
        TrainingTask(
            name, *where, datasets[name], folder / "checkpoints" / name, request.parameters, AS_FOUND if name == REPAIRED else None
        )
        for name in (AS_FOUND, REPAIRED)
    ]
    with Store.open(*where) as store:
        for result in (found, left):
            store.add_dataset(result.dataset)
            keep_findings(store, result)
    names = list(engine.map(train_and_evaluate, tasks, lambda index: progress_of(tasks[index].name)))
    clock.lap("train and evaluate")
    with Store.open(*where) as store:
        picks = {name: pick(store, name, METRIC) for name in names}
        comparison = compare(store, AS_FOUND, REPAIRED, epochs="last")
        why = explain(store, AS_FOUND, metric=METRIC, against=REPAIRED)
        clock.lap("pick, compare and explain")
        report = write_report(store, ReportRequest((AS_FOUND, REPAIRED), folder / "report", METRIC), progress_of("report"))
    clock.lap("report")
    return DemoResult(folder, planted_counts(), found, cleaned, left, picks, comparison, why, report, clock.laps)


def train_and_evaluate(task: TrainingTask, progress: Progress) -> str:
    """Train one run and evaluate its checkpoints; runs in a child process."""
    with Store.open(task.store_url, task.blobs) as store:
        request = TrainRequest(task.name, task.dataset, demo_base_model(), task.output, task.parameters, parent=task.parent)
        train(store, request, progress)
        evaluate(store, EvaluateRequest(task.name, read_suite(None)), progress)
    return task.name


def planted_counts() -> dict[str, int]:
    """How many captions carry each planted defect, from the recorded list."""
    plants = json.loads(demo_plants().read_text("utf-8"))["plants"]
    files: dict[str, set[str]] = {}
    for plant in plants:
        files.setdefault(plant["defect"], set()).add(plant["file"])
    return {defect: len(names) for defect, names in sorted(files.items())}


class _Clock:
    """Wall time by stage, in seconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.laps[stage] = now - self._last
        self._last = now
