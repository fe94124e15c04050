"""A simulated history as records of the interchange format, one JSON object a line: what ``lorascope import`` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from lorascope.records.history import History, PastRun
from lorascope.records.run import JsonValue

Record = dict[str, JsonValue]


def records_of(history: History) -> list[Record]:
    """All records of a history, the heading included."""
    found: list[Record] = [{"type": "lorascope", "format": 1}]
    units = {name: facts.unit for name, facts in history.metrics.items()}
    for past in history.runs:
        found += _of_run(past, units)
    return found


def write(records: list[Record], path: Path) -> None:
    """Write records to a file that ``lorascope import`` reads."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def _of_run(past: PastRun, units: Mapping[str, str]) -> Iterator[Record]:
    run = past.run
    about: Record = {
        "type": "run", "name": run.name, "trainer": run.trainer, "status": str(run.status), "parameters": dict(run.parameters),
        "parent": run.parent, "dataset_digest": run.dataset_digest, "base_model": run.base_model, "started_at": run.started_at,
        "finished_at": run.finished_at,
    }  # fmt: skip
    yield about if past.curves else about | {"outcome": dict(run.outcome)}
    epochs = sorted(
        {outcome.epoch for curve in past.curves.values() for outcome in curve if outcome.epoch is not None} | set(past.tensor_hashes)
    )
    for epoch in epochs:
        yield {"type": "checkpoint", "run": run.name, "epoch": epoch, "tensor_hash": past.tensor_hashes.get(epoch)}
    for metric, curve in sorted(past.curves.items()):
        for outcome in curve:
            spread = 2 * outcome.se if outcome.se is not None else None
            ends = {"low": outcome.value - spread, "high": outcome.value + spread} if spread is not None else {}
            yield {
                "type": "measurement", "run": run.name, "epoch": outcome.epoch, "metric": metric, "unit": units.get(metric, ""),
                "mean": outcome.value, **ends, "prompts": outcome.prompts, "images": outcome.images,
            }  # fmt: skip
    yield from _notes(past)


def _notes(past: PastRun) -> Iterator[Record]:
    name = past.name
    if past.findings is not None:
        yield {"type": "finding", "run": name, "images": past.images}
        for check, count in sorted(past.findings.items()):
            yield {"type": "finding", "run": name, "check": check, "count": count}
    for kind, noted in (("weights", past.weights), ("loss", past.loss), ("protocol", past.protocol)):
        if noted:
            yield {"type": kind, "run": name, **noted}
