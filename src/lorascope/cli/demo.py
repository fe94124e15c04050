"""``lorascope demo``."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lorascope.jobs.demo import DemoResult


@click.command("demo")
@click.option(
    "--folder", metavar="DIR", type=click.Path(path_type=Path), help="Where to put it; a new folder lorascope-demo here when left out."
)
@click.option("--epochs", metavar="N", default=8, show_default=True, type=click.IntRange(1, 50), help="Epochs to train each run.")
@click.option("--processes", metavar="N", default=2, show_default=True, type=click.IntRange(1, 2), help="Runs trained at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON object.")
def demo_command(folder: Path | None, epochs: int, processes: int, *, as_json: bool) -> None:
    """See the whole story on a real built-in experiment, in a few minutes on two CPU cores.

    Captions with planted defects are audited and repaired from the pixels; a LoRA is trained on each version; every
    checkpoint is sampled and measured; checkpoints are picked, the runs compared, and a report written.

    \b
    Example: lorascope demo
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.begin import begin
    from lorascope.jobs.demo import DemoRequest, demo
    from lorascope.jobs.engines.local import LocalEngine
    from lorascope.settings import LAB_FOLDER, Settings

    home = _new_folder(folder)
    lab = Settings.at(home / LAB_FOLDER)
    begin(lab.lab, lab.store_url, lab.blobs)
    request = DemoRequest(home, lab.store_url, lab.blobs, {"max_train_epochs": epochs})
    with Display() as display:
        result = demo(request, LocalEngine(processes), lambda _: display.progress())
    click.echo(json.dumps(_answer(result)) if as_json else "\n".join(_story(result)))


def _new_folder(asked: Path | None) -> Path:
    """The folder for this demo; without a wish, the first of lorascope-demo, lorascope-demo-2 … that is not there."""
    from lorascope.errors import AlreadyExists, MissingFile

    home = asked or _free_name()
    try:
        home.mkdir(parents=True, exist_ok=True)
        if any(home.iterdir()):
            raise AlreadyExists("the folder is not empty", where=str(home), next_step="choose a new one with --folder")
    except OSError as error:
        next_step = "choose a folder you may write in with --folder"
        raise MissingFile(f"the folder cannot be made: {error.strerror}", where=str(home), next_step=next_step) from error
    return home.resolve()


def _free_name() -> Path:
    number = 1
    while (home := Path("lorascope-demo" if number == 1 else f"lorascope-demo-{number}")).exists():
        number += 1
    return home


def _story(result: DemoResult) -> list[str]:
    """What was found, in plain sentences with their numbers."""
    from lorascope.cli.difference import difference
    from lorascope.reports.wording import probability

    planted = ", ".join(f"{defect.replace('_', ' ')} {count}" for defect, count in result.planted.items())
    dataset = result.found.dataset
    lines = [
        "",
        f"Captions: {len(dataset.items)} images, {dataset.captions} captions. Planted in so many captions: {planted}.",
        f"  the audit made {len(result.found.findings)} findings; {len(result.cleaned.repairs)} captions were repaired",
        f"  (colors from the pixels); {len(result.left.findings)} findings are left.",
        "  For example:",
        *(f"    {repair.file}  {difference(repair)}" for repair in result.cleaned.repairs[1:3]),
        "",
        "What came out:",
        *(f"  {sentence}" for sentence in result.report.summary),
        "",
        f"Why did {result.why.run} come out so, beside {result.why.compared_with}? {result.why.verdict}",
        *(f"  {probability(cause.probability):>6}  {cause.title}" for cause in result.why.causes[:3] if cause.probability >= 0.01),
        "",
        "Time: " + ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in result.seconds.items()),
        "",
        f"The report with pictures: {result.report.html}",
        f"Go on from here:          cd {result.folder} && {_program()} why as_found && {_program()} next",
    ]
    return lines  # noqa: RET504 - named, so that the list reads as what it is


def _program() -> str:
    """How this program can be called again: by its name, or by its path where it is not on the search path."""
    return "lorascope" if shutil.which("lorascope") else str(Path(sys.argv[0]).absolute())


def _answer(result: DemoResult) -> dict[str, Any]:
    from lorascope.jobs.compare import answer as compare_answer
    from lorascope.jobs.explain import answer as why_answer
    from lorascope.jobs.pick import answer as pick_answer
    from lorascope.jobs.report import answer as report_answer

    return {
        "format": 1,
        "folder": str(result.folder),
        "planted": dict(result.planted),
        "counts": {"before": result.found.counts(), "after": result.left.counts()},
        "picks": [pick_answer(choice) for choice in result.picks.values()],
        "comparison": compare_answer(result.comparison),
        "why": why_answer(result.why),
        "report": report_answer(result.report),
        "seconds": dict(result.seconds),
    }
