"""Write what the store holds as JSON Lines that ``import`` reads back without loss. Equal stores give equal bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lorascope.importers.interchange_format import (
    CHECKPOINT,
    DATASET,
    HEADER,
    HYPOTHESIS,
    MEASUREMENT,
    PROMPT,
    RUN,
    SAMPLE,
    SCORE,
    SERIES,
    SUITE,
    foreign_line,
    line,
)
from lorascope.records.dataset import Dataset
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import Run
from lorascope.store import Store


def export_runs(store: Store, names: Sequence[str] = ()) -> Iterator[str]:
    """The lines of an export (without line ends): everything, or the named runs with what belongs to them.

    To a run belong its checkpoints, samples, scores, measurements, series and kept records, the dataset version it was trained on
    with those it was made from, every suite that has one of the prompts it was tested with, and every hypothesis that names it.
    Images are not in it: a sample carries the digest of its image.

    Raises:
        NotFound: no run of that name.
    """
    with store.snapshot():
        wanted = set(names)
        for name in names:
            store.run(name)
        runs = [run for run in store.runs() if not names or run.name in wanted]
        yield foreign_line(HEADER)
        yield from (line(DATASET, dataset) for dataset in _datasets(store, runs, everything=not names))
        for suite in _suites(store, runs, everything=not names):
            yield line(SUITE, suite)
            yield from (line(PROMPT, prompt, suite=suite.name) for prompt in suite.prompts)
        for run in runs:
            yield from _run_lines(store, run)
        for hypothesis in store.hypotheses():
            if not names or wanted.intersection(hypothesis.runs):
                yield line(HYPOTHESIS, hypothesis)
        for record in store.foreign_records():
            if not names or record.get("run") in wanted:
                yield foreign_line(record)


def _run_lines(store: Store, run: Run) -> Iterator[str]:
    yield line(RUN, run)
    yield from (line(CHECKPOINT, checkpoint) for checkpoint in store.checkpoints(run.name))
    yield from (line(SAMPLE, sample) for sample in store.samples(run.name))
    yield from (line(SCORE, score) for score in store.scores(run.name))
    yield from (line(MEASUREMENT, measurement) for measurement in store.measurements(run.name))
    yield from (line(SERIES, series) for series in store.series(run.name))


def _datasets(store: Store, runs: Sequence[Run], *, everything: bool) -> list[Dataset]:
    datasets = store.datasets()
    if everything:
        return datasets
    parents = {dataset.digest: dataset.parent for dataset in datasets}
    wanted: set[str] = set()
    for run in runs:
        digest = run.dataset_digest
        while digest is not None and digest not in wanted:
            wanted.add(digest)
            digest = parents.get(digest)
    return [dataset for dataset in datasets if dataset.digest in wanted]


def _suites(store: Store, runs: Sequence[Run], *, everything: bool) -> list[PromptSuite]:
    suites = store.suites()
    if everything:
        return suites
    tested = {score.prompt for run in runs for score in store.scores(run.name)}
    tested |= {sample.prompt for run in runs for sample in store.samples(run.name)}
    return [suite for suite in suites if any(prompt.name in tested for prompt in suite.prompts)]
