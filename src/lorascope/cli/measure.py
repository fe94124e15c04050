"""``lorascope measure``: a large collection to Parquet."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lorascope.jobs.engines.engine import Engine
    from lorascope.jobs.measure import Measured, MeasureRequest

SHOWN_PROBLEMS = 10


@click.command("measure")
@click.argument("source", metavar="INPUT")
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    help="Where the Parquet files go: a new folder, one that was measured into before, or an address.",
)
@click.option("--text-only", is_flag=True, help="Look at the captions alone.")
@click.option(
    "--engine", "engine_name", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="Where the work runs."
)
@click.option("--workers", metavar="N", type=click.IntRange(1), help="Processes on this machine.  [default: one for each processor]")
@click.option("--ray-address", metavar="HOST:PORT", help="The Ray cluster; otherwise RAY_ADDRESS, or a new one on this machine.")
@click.option(
    "--window",
    "window_tokens",
    type=click.Choice(["75", "150", "225"]),
    default="75",
    show_default=True,
    help="Tokens the trainer lets be read.",
)
@click.option("--trigger", default="", metavar="WORD", help="The trigger word.")
@click.option(
    "--side",
    "declared_side",
    metavar="CELLS",
    type=click.IntRange(8, 512),
    help="How many cells the pictures' short side has, if you know.",
)
@click.option(
    "--caption-extension", type=click.Choice([".txt", ".caption"]), default=".txt", show_default=True, help="Which files hold the captions."
)
@click.option("--image-column", default="image", show_default=True, help="In Parquet files: the pictures' bytes.")
@click.option("--caption-column", default="caption", show_default=True, help="In Parquet files: the captions.")
@click.option("--key-column", default="key", show_default=True, help="In Parquet files: the names; rows are numbered without it.")
@click.option("--files-per-shard", metavar="N", type=click.IntRange(1), default=4096, show_default=True, help="How a folder is cut.")
@click.option(
    "--storage-option",
    "storage",
    multiple=True,
    metavar="NAME=VALUE",
    help="For addresses (fsspec), such as endpoint_url=http://localhost:9000.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def measure_command(
    source: str,
    out: str,
    engine_name: str,
    workers: int | None,
    ray_address: str | None,
    storage: tuple[str, ...],
    *,
    as_json: bool,
    **how: Any,
) -> None:
    """Measure a large collection: every picture's metrics, every caption's tokens and findings, as Parquet.

    INPUT is a folder of images and captions (with the folders in it), WebDataset .tar shards, .parquet files, or an address such as
    s3://bucket/prefix. One Parquet file is written for each shard. A run that was stopped goes on where it stood.

    \b
    Examples:
    lorascope measure my_images/ --out measured/
    lorascope measure captions.parquet --out measured/ --text-only
    lorascope measure s3://bucket/shards --out measured/ --engine ray
    """
    from lorascope.cli.progress import Display

    try:
        from lorascope.jobs.measure import measure_collection
    except ModuleNotFoundError as error:
        from lorascope.errors import MissingExtra

        if str(error.name).partition(".")[0] not in {"pyarrow", "polars"}:
            raise
        raise MissingExtra(f"measuring needs {error.name}", next_step="pip install 'lorascope[scale]'") from error
    request = _request(source, out, storage, how)
    with Display() as display:
        measured = measure_collection(request, _engine(engine_name, workers, ray_address), display.progress())
    if as_json:
        click.echo(json.dumps(_answer(measured, request)))
    else:
        _show(measured, out)
    if measured.problems:
        raise click.exceptions.Exit(1)


def _request(source: str, out: str, storage: tuple[str, ...], how: dict[str, Any]) -> MeasureRequest:
    from lorascope.captions.check import Reader
    from lorascope.jobs.measure import MeasureRequest, storage_options
    from lorascope.jobs.measure_batch import MeasureOptions
    from lorascope.jobs.shards import Source

    options = storage_options(storage)
    where = Source(
        source,
        options,
        how["caption_extension"],
        how["image_column"],
        how["caption_column"],
        how["key_column"],
        how["files_per_shard"],
    )
    reader = Reader(window_tokens=int(how["window_tokens"]))
    measuring = MeasureOptions(reader, how["trigger"], text_only=how["text_only"], declared_side=how["declared_side"])
    return MeasureRequest(where, Source(out, options), measuring)


def _engine(name: str, workers: int | None, address: str | None) -> Engine:
    if name == "ray":
        if workers is not None:
            raise click.UsageError("--workers is for the local engine; Ray decides by its cluster")
        from lorascope.jobs.engines.ray import RayEngine

        return RayEngine(address)
    if address is not None:
        raise click.UsageError("--ray-address needs --engine ray")
    from lorascope.jobs.engines.local import LocalEngine

    return LocalEngine(workers or os.cpu_count() or 1)


def _answer(measured: Measured, request: MeasureRequest) -> dict[str, Any]:
    from lorascope.jobs.measure_totals import summary

    return {
        "format": 1,
        "source": request.source.address,
        "out": request.out.address,
        "shards": len(measured.shards),
        "shards_kept": sum(shard.kept for shard in measured.shards),
        "seconds": round(measured.seconds, 3),
        "rows_per_second": round(measured.rows_now / measured.seconds, 1) if measured.seconds else None,
        "problems": [{"shard": name, "problem": problem} for name, problem in measured.problems.items()],
        **summary(measured.totals),
    }


def _show(measured: Measured, out: str) -> None:
    from lorascope.cli.say import say, say_line
    from lorascope.cli.table import draw_table
    from lorascope.jobs.measure_totals import summary

    found: dict[str, Any] = summary(measured.totals)
    say_line(f"{out}: {found['rows']} rows, {found['images']} pictures read, {found['captions']} captions, {len(measured.shards)} shards")
    if found["tokens"]:
        say(
            f"tokens of a caption: 5 % have {found['tokens']['p05']} or fewer, half {found['tokens']['p50']}, 95 % {found['tokens']['p95']}"
        )
    if found["checks"]:
        say()
        rows = [
            [name, str(line["findings"]), str(line["rows"]), f"{line['share']:.2%}", f"{line['low']:.2%} to {line['high']:.2%}"]
            for name, line in found["checks"].items()
        ]
        draw_table(["check", "findings", "rows", "share", "95 % interval"], rows, left=["check"])
    if found["metrics"]:
        say()
        rows = [[name, *(f"{line[at]:.4g}" for at in ("p05", "p50", "p95")), str(line["n"])] for name, line in found["metrics"].items()]
        draw_table(["metric", "5 %", "median", "95 %", "n"], rows, left=["metric"])
    lines = [f"{count} x {problem}" for problem, count in sorted(found["problems"].items(), key=lambda pair: -pair[1])]
    lines += [f"{name}: {problem}" for name, problem in measured.problems.items()]
    if lines:
        say()
        say("could not be read:")
        for line in lines[:SHOWN_PROBLEMS]:
            say_line(f"  {line}")
        if len(lines) > SHOWN_PROBLEMS:
            say(f"  and {len(lines) - SHOWN_PROBLEMS} more kinds")
