"""The source of everything that a report of runs shows."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.reports.answers import Comparison
from lorascope.reports.curves import Curve, curve_table
from lorascope.reports.evidence import Evidence, RunEvidence
from lorascope.reports.grid import mark_metric
from lorascope.reports.page_view import Page
from lorascope.reports.source import Source, command
from lorascope.reports.wording import TIMES, counted, shortened

INTERVAL = "95 % interval over prompts"
WHOLE = "counts of this report's records"
_PAIRED = "paired by prompt, Student's t over prompts; p by sign flips"

Targets = Iterator[tuple[object, Source]]


def targets(evidence: Evidence, page: Page) -> Targets:
    """Sentences, tables and grids in the order they are read, each with its source."""
    both = " and ".join(run.name for run in page.runs)
    names = [run.run.name for run in evidence.runs]
    yield f"A lorascope report{', ' + page.recorded if page.recorded else ''}.", Source("recorded", both, statistic="last moment recorded")
    if page.overview:
        yield page.overview, _grid_source(evidence, "overview", both)
    compared = dict(_differences(evidence, page, names, both))
    for place, said in enumerate(page.lead):
        yield said.sentence, compared.get(said.sentence) or _lead_source(evidence, page, place, both)
    yield from _settings(page, names, both)
    yield from _captions(page, both)
    for view, run in zip(page.runs, evidence.runs, strict=True):
        yield view.facts, Source(f"facts:{run.run.name}", view.name, statistic=WHOLE, command=command("show", run.run.name))
        yield view.grid, _grid_source(evidence, f"grid:{run.run.name}", view.name)
        yield view.grid.note, _grid_source(evidence, f"legend:{run.run.name}", view.name)
    for curve in page.curves:
        yield curve_table(curve), _curve_source(curve, both)
    yield from _choices(evidence, page)
    yield from compared.items()
    for section in page.sections:
        yield from section.targets()
    for place, sentence in enumerate(page.undecided):
        yield sentence, Source(f"undecided:{place}", both, statistic="what the intervals above leave open")
    yield from _method(page, both)


def _settings(page: Page, names: list[str], both: str) -> Targets:
    typed = command("compare", *names) if len(names) > 1 else command("show", *names)
    yield page.setting, Source("setting", both, statistic="settings that differ", command=typed)
    yield page.datasets, Source("datasets", both, statistic="dataset versions as recorded", command=command("datasets"))
    for key, table in ("different", page.different), ("same", page.same):
        if table:
            yield table, Source(key, both, statistic="settings as recorded", command=command("show", names[-1]))


def _choices(evidence: Evidence, page: Page) -> Targets:
    for view, run in zip(page.runs, evidence.runs, strict=True):
        yield view.verdict, choice_source(evidence, run, "verdict")
        if view.choice:
            yield view.choice, choice_source(evidence, run, "choice")
        if view.bands:
            yield view.bands, _bands_source(run, view.name)


def _method(page: Page, both: str) -> Targets:
    yield page.measured_by, Source("method", both, statistic="how means and intervals are made")
    for key, shown in ("metrics", page.metrics), ("protocol", page.protocol), ("prompts", page.prompts):
        if shown:
            yield shown, Source(key, both, statistic="as recorded")


def choice_source(evidence: Evidence, run: RunEvidence, key: str) -> Source:
    """Where the choice of a run's checkpoint comes from."""
    choice, name = run.choice, run.run.name
    metric = choice.metric if choice else evidence.metric
    n = f"{counted(choice.prompts, 'prompt')} {TIMES} {counted(choice.seeds, 'image')} per epoch" if choice else ""
    statistic = f"mean with {INTERVAL}, shrunk mean, P(best)" if choice else ""
    how = "two-way analysis of epochs and prompts, 4,000 draws" if choice else ""
    typed = command("pick", name, "--metric", metric)
    return Source(f"{key}:{name}", f"{shortened(name)} · {_epochs(choice)}", metric, statistic, n, how, typed)


def comparison_source(names: list[str], comparison: Comparison, key: str = "difference") -> Source:
    """Where the differences between two runs come from."""
    epochs = ["--epoch", "best"] if "best" in comparison.at else []
    about = f"{shortened(names[-1])} minus {shortened(names[0])} · {comparison.at}"
    typed = command("compare", *names, *epochs)
    return Source(f"{key}:{comparison.at}", about, "every shared metric", f"mean difference with {INTERVAL}", "", _PAIRED, typed)


def _epochs(choice: object) -> str:
    found = [candidate.epoch for candidate in getattr(choice, "candidates", ())]
    if not found:
        return "no epoch measured"
    return f"epoch {found[0]}" if len(found) == 1 else f"epochs {min(found)} to {max(found)}"


def _lead_source(evidence: Evidence, page: Page, place: int, both: str) -> Source:
    said = page.lead[place]
    if said.place is not None:
        return choice_source(evidence, evidence.runs[said.place], "verdict")
    return Source(f"lead:{place}", both, evidence.metric, "summary of what follows")


def _captions(page: Page, both: str) -> Targets:
    if page.captions:
        yield page.captions.sentence, Source("captions", both, statistic="findings of the caption audit", command="lorascope audit DATASET")
        if page.captions.findings:
            yield page.captions.findings, Source("findings", both, statistic="findings by check", command="lorascope audit DATASET")


def _grid_source(evidence: Evidence, key: str, name: str) -> Source:
    note = mark_metric(evidence)
    seeds = len(evidence.suite.seeds) if evidence.suite else 0
    n = f"1 prompt {TIMES} {counted(seeds, 'seed')} per cell" if seeds else "1 prompt per cell"
    return Source(key, f"{name} · each epoch and prompt", note.name, "mean over its images", n)


def _curve_source(curve: Curve, both: str) -> Source:
    points = [point for line in curve.lines for point in line.points]
    prompts, images = max((point.prompts for point in points), default=0), max((point.images for point in points), default=0)
    n = f"{counted(prompts, 'prompt')}, {counted(images, 'image')} per epoch at most"
    return Source(f"curve:{curve.metric}", f"{both} · each epoch", curve.metric, f"mean with {INTERVAL}", n, "Student's t; a share: Wilson")


def _bands_source(run: RunEvidence, name: str) -> Source:
    images = max((band.n for band in run.bands.values()), default=0)
    return Source(f"bands:{run.run.name}", f"{name} and its training images", "", "mean beside percentiles", f"{images:,} training images")


def _differences(evidence: Evidence, page: Page, names: list[str], both: str) -> Targets:
    rows = [(one, one.of(evidence.metric)) for one in evidence.comparisons]
    shown = [comparison for comparison, row in rows if row is not None and row.difference is not None]
    for place, sentence in enumerate(page.difference):
        comparison = shown[place] if place < len(shown) else None
        yield sentence, comparison_source(names, comparison, "compared") if comparison else Source(f"compared:{place}", both)
    for table, comparison in zip(page.differences, evidence.comparisons, strict=True):
        yield table, comparison_source(names, comparison)
