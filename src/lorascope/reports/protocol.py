"""How a report's numbers were measured: protocol, metrics, versions."""

from __future__ import annotations

import math

from lorascope.records.prompt import Prompt
from lorascope.reports.curves import BETTER
from lorascope.reports.evidence import Evidence, MetricNote
from lorascope.reports.table import Row, Table, text_columns
from lorascope.reports.wording import TIMES, counted, is_ratio, listed, moment, shortened, unit_shown, visible


def protocol_table(evidence: Evidence) -> Table:
    """The sampling protocol and the versions, as names and values."""
    suite = evidence.suite
    rows: list[tuple[str, str]] = []
    if suite:
        rows = [
            ("prompt suite", f"{shortened(suite.name)}, {counted(len(suite.prompts), 'prompt')}"),
            ("sampler seeds", listed(suite.seeds) or "not set"),
            ("sampling steps", str(suite.steps)),
            ("guidance scale", f"{suite.guidance:g}"),
            ("negative prompt", shortened(suite.negative, 200) or "none"),
            ("picture size", f"{suite.width_px} {TIMES} {suite.height_px} pixels"),
        ]
    else:
        drawn = any(run.samples for run in evidence.runs)
        rows = [("sampling", "of several prompt suites, or not recorded" if drawn else "not recorded (imported scores)")]
    rows += [
        (f"training seed of {shortened(run.run.name)}", visible(str(run.run.parameters.get("seed", "not recorded"))))
        for run in evidence.runs
    ]
    rows += [(visible(name), visible(version)) for name, version in sorted(evidence.versions.items())]
    if evidence.recorded_at is not None:
        rows.append(("last recorded", moment(evidence.recorded_at)))
    return Table("Protocol and versions", text_columns("what", "value"), tuple(Row(row) for row in rows))


def metrics_table(evidence: Evidence) -> Table | None:
    """Every metric that was measured: unit, range, direction and meaning."""
    measured = dict.fromkeys(m.metric for run in evidence.runs for m in run.measurements)
    rows = tuple(_metric_row(evidence.note(name)) for name in measured)
    return Table("Metrics", text_columns("metric", "unit", "range", "better", "what is measured"), rows) if rows else None


def _metric_row(note: MetricNote) -> Row:
    scale = 100 if is_ratio(note.unit) else 1
    top = f"{scale * note.high:g}" if math.isfinite(note.high) else "no upper limit"
    better = BETTER.get(note.direction, "describes only").removesuffix(" is better")
    return Row(
        (
            f"{visible(note.title)} ({visible(note.name)})",
            unit_shown(note.unit) or "none",
            f"{scale * note.low:g} to {top}",
            better,
            visible(note.meaning),
        )
    )


def prompts_table(evidence: Evidence) -> Table | None:
    """The prompts in full, with what each asks for."""
    if not evidence.suite or not evidence.suite.prompts:
        return None
    rows = tuple(
        Row(
            (
                shortened(prompt.name, 60),
                visible(prompt.text),
                listed([*_colors(prompt), *_traits(prompt)]) or "nothing that is checked",
            )
        )
        for prompt in evidence.suite.prompts
    )
    return Table("The prompts in full", text_columns("prompt", "text", "asks for"), rows)


def measured_by(evidence: Evidence) -> str:
    """How averages and intervals are made, in one paragraph."""
    judge = visible(evidence.note(evidence.metric).title).lower()
    return (
        "A mean is taken over prompts, of each prompt's mean over seeds; its 95 % interval is over prompts, since other prompts, not more "
        "pictures of these, are what the answer should hold for. n counts prompts where it does not say images. Runs are compared prompt "
        f"by prompt (paired), so that hard and easy prompts cancel. {_seeds_used(evidence)} The judging metric is {judge}."
    )


def _seeds_used(evidence: Evidence) -> str:
    """Whether epochs differ by nothing but their checkpoint."""
    drawn: dict[tuple[str, int], set[tuple[str, int | None, int]]] = {}
    for run in evidence.runs:
        for score in run.scores:
            drawn.setdefault((score.run, score.epoch), set()).add((score.prompt, score.seed, score.draw))
    if any(seed is None for pictures in drawn.values() for _, seed, _ in pictures):
        return "The sampler's seeds are not known for every picture: two epochs differ by the luck of the draw, too."
    if len(set(map(frozenset, drawn.values()))) > 1:
        return "Not every epoch drew the same prompts with the same seeds."
    return "Every epoch drew every prompt with the same seeds."


def _colors(prompt: Prompt) -> list[str]:
    return [f"{shortened(asked.feature)} {shortened(asked.color)}" for asked in prompt.expectations]


def _traits(prompt: Prompt) -> list[str]:
    return [shortened(trait.label) if trait.present else f"no {shortened(trait.label)}" for trait in prompt.traits]
