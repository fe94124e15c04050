"""Measure a large collection of pictures and captions: one Parquet file for each shard, and a manifest.

A shard's file holds in its footer what it was made from and its totals. It appears whole or not at all, so that a run that was stopped,
however it was, goes on where it stood: shards whose input and options are the same are left as they are. Times are not recorded: the same
input gives the same files.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lorascope import __version__
from lorascope.errors import AlreadyExists, BadFile, BadParameter, MissingFile, OperationFailed
from lorascope.evaluation.metrics import METRICS
from lorascope.jobs.engines.engine import Engine
from lorascope.jobs.engines.local import LocalEngine
from lorascope.jobs.folder_lock import locked
from lorascope.jobs.measure_batch import SCHEMA_VERSION, MeasureOptions, measure_with_words, output_schema
from lorascope.jobs.measure_totals import Totals
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_shard import Reading
from lorascope.jobs.shards import REMOTE_STEP, Shard, Source, cut, expected, open_remote, remote_errors
from lorascope.records.run import JsonValue

FORMAT = 1
MANIFEST = "manifest.json"
ROWS_PER_GROUP = 32_768
_FOOTER = b"lorascope.shard"


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """One shard to measure, with all that a worker anywhere must know. ``made_from`` names options and versions."""

    shard: Shard
    source: Source
    out: Source
    options: MeasureOptions
    made_from: str


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """One measured shard. ``problem`` says why its input could not be read to its end; ``kept``: measured before."""

    name: str
    fingerprint: str
    rows: int
    problem: str
    skipped: int
    totals: Totals
    kept: bool = False

    @property
    def file(self) -> str:
        """The name of its Parquet file."""
        return f"{self.name}.parquet"


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured collection: its shards in their order and their totals. ``seconds`` is wall time."""

    shards: tuple[ShardRecord, ...]
    totals: Totals
    seconds: float

    @property
    def rows_now(self) -> int:
        """How many rows this run measured; the others were there."""
        return sum(shard.rows for shard in self.shards if not shard.kept)

    @property
    def problems(self) -> dict[str, str]:
        """What could not be read to its end: shard → why."""
        return {shard.name: shard.problem for shard in self.shards if shard.problem}


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """What to measure, how, and where to write it. Source and destination may be paths or addresses."""

    source: Source
    out: Source
    options: MeasureOptions = field(default_factory=MeasureOptions)


def measure_collection(request: MeasureRequest, engine: Engine | None = None, progress: Progress | None = None) -> Measured:
    """Measure every shard of a source and write the manifest.

    Raises:
        MissingFile, BadFile, MissingExtra: the source cannot be read. AlreadyExists: the destination holds other things.
        Busy: another process writes there. OperationFailed: a worker was ended from outside, or an address failed.
    """
    if not request.source.is_remote and not Path(request.source.address).exists():
        raise MissingFile("nothing there to measure", where=request.source.address, next_step="check the path")
    if not (request.source.is_remote or request.out.is_remote):
        return _measure_into_folder(request, engine or LocalEngine(), progress or Silent())
    try:
        if request.out.is_remote:
            return _measure(request, engine or LocalEngine(), progress or Silent())
        return _measure_into_folder(request, engine or LocalEngine(), progress or Silent())
    except remote_errors() as error:
        which = request.source.address if request.source.is_remote else request.out.address
        said = _without_secrets(f"{type(error).__name__}: {error}", (request.source, request.out))
        raise OperationFailed(f"the address failed: {said}", where=which, next_step=REMOTE_STEP) from None  # a trace may show secrets


def _without_secrets(text: str, sources: tuple[Source, ...]) -> str:
    for value in (value for source in sources for value in source.storage.values() if isinstance(value, str) and value):
        text = text.replace(value, "…")
    return " ".join(text.split())[:300]


def _measure_into_folder(request: MeasureRequest, engine: Engine, progress: Progress) -> Measured:
    folder = Path(request.out.address)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        _clear(folder)
        return _measure(request, engine, progress)


def _measure(request: MeasureRequest, engine: Engine, progress: Progress) -> Measured:
    began = time.monotonic()
    made_from = _made_from(request)
    tasks = (MeasureTask(shard, request.source, request.out, request.options, made_from) for shard in cut(request.source))
    progress.start("measuring shards", expected(request.source))
    records: list[ShardRecord] = []
    totals, measured = Totals(), 0
    for record in engine.map(measure_shard, tasks, lambda _: Silent()):
        records.append(replace(record, totals=Totals()))  # their words would fill the memory
        totals.add(record.totals)
        measured += 0 if record.kept else record.rows
        progress.advance(note=f"{totals.rows} rows, {measured / max(1e-9, time.monotonic() - began):.0f} rows/s")
    if not records:
        raise BadFile(
            "nothing to measure: no images, captions, .tar or .parquet files", where=request.source.address, next_step="check the path"
        )
    _write_manifest(request, records, totals, made_from)
    seconds = time.monotonic() - began
    kept = sum(record.kept for record in records)
    progress.finish(f"{totals.rows} rows in {len(records)} shards" + (f", {kept} of them measured before" if kept else ""))
    return Measured(tuple(records), totals, seconds)


def measure_shard(task: MeasureTask, progress: Progress) -> ShardRecord:
    """Measure one shard and write its file, unless it is there already. A piece of work for any engine."""
    known = _known(task)
    if known is not None:
        return known
    reading = Reading(task.source, task.shard, task.options.text_only)
    totals = Totals()
    progress.start(task.shard.name, 0)
    with _new_file(task) as path:
        writer = pq.ParquetWriter(path, output_schema(), compression="zstd")
        try:
            for group in _groups(_measured(reading, task.options, totals)):
                writer.write_table(group, row_group_size=ROWS_PER_GROUP)
            record = ShardRecord(task.shard.name, task.shard.fingerprint, totals.rows, reading.problem, reading.skipped, totals)
            writer.add_key_value_metadata({_FOOTER: _footer(record, task.made_from)})
        finally:
            writer.close()
        _hand_over(task, path)
    progress.finish(f"{record.rows} rows")
    return record


def _measured(reading: Reading, options: MeasureOptions, totals: Totals) -> Iterator[pa.RecordBatch]:
    for batch in reading.batches():
        measured, screening = measure_with_words(batch, options)
        totals.count(measured)
        totals.count_words(screening.words, screening.codes, screening.starts)
        yield measured


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches gathered to row groups of one size, so that the size of the batches shows nowhere."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        while rows >= ROWS_PER_GROUP:
            table = pa.Table.from_batches(held)
            yield table.slice(0, ROWS_PER_GROUP).combine_chunks()
            held, rows = table.slice(ROWS_PER_GROUP).to_batches(), rows - ROWS_PER_GROUP
    if rows:
        yield pa.Table.from_batches(held).combine_chunks()


def _made_from(request: MeasureRequest) -> str:
    """A digest of everything but the input that the files depend on."""
    source = request.source
    facts = {
        "schema": SCHEMA_VERSION,
        "versions": _versions(),
        "metrics": [metric.name for metric in METRICS],
        "options": asdict(request.options),
        "columns": [source.image_column, source.caption_column, source.key_column, source.caption_extension],
    }
    return blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()


def _versions() -> dict[str, JsonValue]:
    import PIL
    import polars as pl

    return {
        "lorascope": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "pyarrow": pa.__version__,
        "polars": pl.__version__,
    }


def _footer(record: ShardRecord, made_from: str) -> bytes:
    facts = {"fingerprint": record.fingerprint, "made_from": made_from, "problem": record.problem, "skipped": record.skipped}
    return json.dumps({**facts, "totals": record.totals.to_json()}, sort_keys=True).encode()


def _known(task: MeasureTask) -> ShardRecord | None:
    """The shard as it was measured before, when its input and everything else is still the same."""
    name = f"{task.shard.name}.parquet"
    try:
        if task.out.is_remote:
            files, folder = open_remote(task.out)
            with files.open(f"{folder}/{name}", "rb") as file:
                kept = pq.ParquetFile(file).metadata.metadata or {}
        else:
            kept = pq.ParquetFile(Path(task.out.address) / name).metadata.metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    facts = json.loads(kept.get(_FOOTER, b"{}"))
    if facts.get("fingerprint") != task.shard.fingerprint or facts.get("made_from") != task.made_from:
        return None
    totals = Totals.from_json(facts["totals"])
    return ShardRecord(task.shard.name, task.shard.fingerprint, totals.rows, facts["problem"], facts["skipped"], totals, kept=True)


class _new_file:  # noqa: N801 - a context manager, used like a function
    """A temporary file for a shard's rows, beside its place or, for a remote one, on this machine; gone at the end."""

    def __init__(self, task: MeasureTask) -> None:
        folder = tempfile.gettempdir() if task.out.is_remote else task.out.address
        handle, self._path = tempfile.mkstemp(prefix=f".{task.shard.name[:80]}-", suffix=".part", dir=folder)
        os.close(handle)

    def __enter__(self) -> str:
        return self._path

    def __exit__(self, *_: object) -> None:
        with suppress(FileNotFoundError):
            Path(self._path).unlink()


def _hand_over(task: MeasureTask, path: str) -> None:
    """Put a finished file in its place, in one step."""
    name = f"{task.shard.name}.parquet"
    if task.out.is_remote:
        files, folder = open_remote(task.out)
        files.put_file(path, f"{folder}/{name}")
        return
    with open(path, "rb") as file:  # noqa: PTH123 - for its handle
        os.fsync(file.fileno())
    Path(path).chmod(0o644)
    Path(path).replace(Path(task.out.address) / name)


def _clear(folder: Path) -> None:
    """Remove what a killed run left half-written. A folder that holds other things is left alone.

    Raises:
        AlreadyExists: it holds files that no measurement wrote.
    """
    for path in folder.iterdir():
        if path.name.startswith(".") and path.name.endswith(".part"):
            path.unlink()
        elif path.name != MANIFEST and (path.suffix != ".parquet" or not _is_ours(path)):
            raise AlreadyExists(
                f"it holds {path.name}, which no measurement wrote", where=str(folder), next_step="choose a new folder for --out"
            )


def _is_ours(path: Path) -> bool:
    try:
        return _FOOTER in (pq.ParquetFile(path).metadata.metadata or {})
    except (OSError, pa.ArrowInvalid):
        return False


def _write_manifest(request: MeasureRequest, records: list[ShardRecord], totals: Totals, made_from: str) -> None:
    """Write the manifest, then remove the files of shards that are no more."""
    shards: list[JsonValue] = [
        {"file": record.file, "rows": record.rows, "fingerprint": record.fingerprint, "problem": record.problem, "skipped": record.skipped}
        for record in records
    ]
    inputs = blake2b("".join(record.fingerprint for record in records).encode(), digest_size=16).hexdigest()
    manifest: dict[str, JsonValue] = {
        "format": FORMAT,
        "schema": SCHEMA_VERSION,
        "source": request.source.address,
        "inputs_digest": inputs,
        "made_from": made_from,
        "versions": _versions(),
        "options": json.loads(json.dumps(asdict(request.options))),
        "shards": shards,
        "totals": totals.to_json(),
    }
    data = json.dumps(manifest, indent=1, sort_keys=True).encode()
    there = {record.file for record in records}
    if request.out.is_remote:
        files, place = open_remote(request.out)
        files.pipe_file(f"{place}/{MANIFEST}", data)
        return
    folder = Path(request.out.address)
    part = folder / f".{MANIFEST}.part"
    part.write_bytes(data)
    part.replace(folder / MANIFEST)
    for path in folder.glob("*.parquet"):
        if path.name not in there:
            path.unlink()


def storage_options(given: tuple[str, ...]) -> dict[str, str | bool]:
    """``("endpoint_url=http://…", "anon=true")`` as fsspec wants it. Raises BadParameter; a value is never repeated in a message."""
    options: dict[str, str | bool] = {}
    for option in given:
        name, sign, value = option.partition("=")
        if not sign or not name:
            raise BadParameter(
                "a storage option has no equals sign", next_step="write it as NAME=VALUE, such as endpoint_url=http://localhost:9000"
            )
        options[name] = value == "true" if value in {"true", "false"} else value
    return options
