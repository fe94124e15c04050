"""Reports of projects that never were, with errors planted in some of their sentences: what the claim checker is measured on.

Run: ``python tools/simulated_reports.py`` (``--first 1000 --count 200`` are the seeds that figures are reported on; 0 to 199 were used for
development; ``--show`` prints what was missed and what was raised without reason).
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean

from lorascope.claims.check import check_reports
from lorascope.claims.markdown import read_markdown

SUBJECTS = (
    "a red-haired knight",
    "watercolor landscapes",
    "my cat Minka",
    "retro robots",
    "SDXL product photos",
    "line-art faces",
    "isometric houses",
)
# name in the table, name in a sentence, lower is better, range, decimals, unit in sentences
METRICS = (
    ("Val loss", "val loss", True, (0.05, 0.2), 4, ""),
    ("FID", "FID", True, (18.0, 60.0), 1, ""),
    ("CLIP score", "CLIP score", False, (0.24, 0.36), 3, ""),
    ("Face similarity", "face similarity", False, (0.35, 0.82), 3, ""),
    ("Unique colors", "unique colors", True, (120.0, 420.0), 1, ""),
    ("Style accuracy (%)", "style accuracy", False, (41.0, 93.0), 1, "%"),
    ("LPIPS", "LPIPS", True, (0.2, 0.6), 3, ""),
)
NOUNS = ("prompts", "scenes", "poses", "subjects")


@dataclass
class Draft:
    """A report as it is written: its lines, and which of them state a checkable number, true or planted."""

    rng: random.Random
    rate: float
    lines: list[str] = field(default_factory=list)
    truth: dict[int, str] = field(default_factory=dict)

    def say(self, text: str = "", kind: str = "", *, planted: bool = False) -> None:
        """Add a line; ``kind`` names the claim it makes, "" for none."""
        self.lines.append(text)
        if kind:
            self.truth[len(self.lines)] = f"{kind}!" if planted else kind

    def plants(self) -> bool:
        """Whether the next claim is to be wrong."""
        return self.rng.random() < self.rate


@dataclass
class Curve:
    """One metric by checkpoint."""

    title: str
    name: str
    lower: bool
    decimals: int
    unit: str
    kind: str
    labels: list[int]
    values: list[float]

    def shown(self, value: float) -> str:
        return f"{value:.{self.decimals}f}"

    @property
    def best(self) -> int:
        return self.values.index(min(self.values) if self.lower else max(self.values))

    @property
    def worst(self) -> int:
        return self.values.index(max(self.values) if self.lower else min(self.values))


def draw_report(seed: int, rate: float = 0.35) -> tuple[str, dict[int, str]]:
    """A report's text, and line → claim; a claim that ends in "!" is wrong. ``rate``: the share of wrong ones."""
    rng = random.Random(seed)
    draft = Draft(rng, rate)
    draft.say(f"# LoRA of {rng.choice(SUBJECTS)}: results")
    draft.say()
    curves = _curves(rng)
    _table(draft, curves)
    writers: list[Callable[[Draft, list[Curve]], None]] = [
        _best, _value, _change, _trend, _count, _share, _mean, _equation, _threshold, _steady, _comparison, _ratio, _points, _extreme_word,
    ]  # fmt: skip
    rng.shuffle(writers)
    for writer in writers[: rng.randint(7, len(writers))]:
        writer(draft, curves)
        draft.say()
        draft.say(rng.choice(["More on that below.", "Another look:", "Further notes follow."]))
        draft.say()
    return "\n".join(draft.lines), draft.truth


def _curves(rng: random.Random) -> list[Curve]:
    count, kind = rng.randint(5, 12), rng.choice(["epoch", "epoch", "step"])
    labels = [at + 1 for at in range(count)] if kind == "epoch" else [500 * (at + 1) for at in range(count)]
    curves = []
    for title, name, lower, (low, high), decimals, unit in rng.sample(METRICS, rng.randint(1, 2)):
        values: list[float] = []
        while len(values) < count:
            value = round(rng.uniform(low, high), decimals)
            if value not in values:
                values.append(value)
        curves.append(Curve(title, name, lower, decimals, unit, kind, labels, values))
    return curves


def _table(draft: Draft, curves: list[Curve]) -> None:
    kind = curves[0].kind.capitalize()
    draft.say(f"## Results by {kind.lower()}")
    draft.say()
    draft.say(f"| {kind} | {' | '.join(curve.title for curve in curves)} |")
    draft.say("|" + "---|" * (len(curves) + 1))
    for at, label in enumerate(curves[0].labels):
        draft.say(f"| {label} | {' | '.join(curve.shown(curve.values[at]) for curve in curves)} |")
    draft.say()


def _other(rng: random.Random, count: int, but: int) -> int:
    return rng.choice([at for at in range(count) if at != but])


def _best(draft: Draft, curves: list[Curve]) -> None:
    curve, planted = draft.rng.choice(curves), draft.plants()
    at = _other(draft.rng, len(curve.labels), curve.best) if planted else curve.best
    text = draft.rng.choice([
        "The best {kind} by {name} is {kind} {label}.",
        "- Best {name}: {kind} {label} ({value}{unit})",
        "{Kind} {label} has the best {name} ({value}{unit}).",
        "{Name} peaked at {kind} {label} with {value}{unit}.",
    ])  # fmt: skip
    draft.say(_filled(text, curve, at), "best", planted=planted)


def _extreme_word(draft: Draft, curves: list[Curve]) -> None:
    curve, planted = draft.rng.choice(curves), draft.plants()
    word = draft.rng.choice(["lowest", "highest"])
    true = curve.values.index(min(curve.values) if word == "lowest" else max(curve.values))
    at = _other(draft.rng, len(curve.labels), true) if planted else true
    text = draft.rng.choice(
        [f"The {word} {{name}} was reached at {{kind}} {{label}}.", f"{{Kind}} {{label}} shows the {word} {{name}} of all checkpoints."]
    )
    draft.say(_filled(text, curve, at), "extreme", planted=planted)


def _filled(text: str, curve: Curve, at: int, value: float | None = None) -> str:
    shown = curve.shown(curve.values[at] if value is None else value)
    name = curve.name
    return text.format(
        kind=curve.kind,
        Kind=curve.kind.capitalize(),
        name=name,
        Name=name[0].upper() + name[1:],
        label=curve.labels[at],
        value=shown,
        unit=curve.unit,
    )


def _value(draft: Draft, curves: list[Curve]) -> None:
    curve, planted = draft.rng.choice(curves), draft.plants()
    at = draft.rng.randrange(len(curve.labels))
    value = curve.values[at]
    if planted:
        value = round(value * draft.rng.choice([0.8, 0.9, 1.12, 1.3]), curve.decimals)
    text = draft.rng.choice([
        "At {kind} {label} the {name} is {value}{unit}.",
        "- {Kind} {label}: {name} {value}{unit}",
        "{Kind} {label} reaches a {name} of {value}{unit}.",
    ])  # fmt: skip
    if not planted or value not in curve.values:
        draft.say(_filled(text, curve, at, value), "value", planted=planted)


def _change(draft: Draft, curves: list[Curve]) -> None:
    curve, planted = draft.rng.choice(curves), draft.plants()
    first, last = curve.values[0], curve.values[curve.best]
    if first == last:
        return
    share = abs(100 * (last / first - 1))
    claimed = _wrong(draft.rng, share) if planted else share
    digits = draft.rng.choice([0, 1])
    percent = f"{claimed:.{digits}f}"
    if planted and abs(float(percent) - share) < 1.5:
        return
    a, b, verb = curve.shown(first), curve.shown(last), "fell" if last < first else "rose"
    text = draft.rng.choice([
        f"The {curve.name} improved by {percent}% (from {a}{curve.unit} to {b}{curve.unit}).",
        f"- {percent}% improvement in {curve.name} ({a} → {b})",
        f"{curve.name[0].upper() + curve.name[1:]} {verb} from {a} to {b}, a change of {percent} %.",
        f"We see a {percent}% better {curve.name} ({b} vs {a}).",
    ])  # fmt: skip
    draft.say(text, "change", planted=planted)


def _wrong(rng: random.Random, value: float) -> float:
    return value + rng.choice([-1, 1]) * rng.uniform(4, 15) if value > 16 else value + rng.uniform(4, 15)


def _points(draft: Draft, curves: list[Curve]) -> None:
    rng, planted = draft.rng, draft.plants()
    a, b = rng.randint(40, 60), rng.randint(65, 95)
    claimed = b - a + (rng.choice([-6, -3, 4, 9]) if planted else 0)
    text = rng.choice([
        f"Background accuracy went from {a}% to {b}%, up {claimed} points.",
        f"Hit rate increased by {claimed} percentage points ({a}% → {b}%).",
    ])  # fmt: skip
    draft.say(text, "points", planted=planted)


def _trend(draft: Draft, curves: list[Curve]) -> None:
    curve = draft.rng.choice(curves)
    i, j = sorted(draft.rng.sample(range(len(curve.labels)), 2))
    rises, planted = curve.values[j] > curve.values[i], draft.plants()
    word = draft.rng.choice(["rises", "increases"] if rises != planted else ["falls", "decreases"])
    text = f"The {curve.name} {word} from {curve.kind} {curve.labels[i]} to {curve.kind} {curve.labels[j]}."
    draft.say(text, "trend", planted=planted)


def _steady(draft: Draft, curves: list[Curve]) -> None:
    curve = draft.rng.choice(curves)
    pairs = list(zip(curve.values, curve.values[1:], strict=False))
    steady = all(b < a for a, b in pairs) if curve.lower else all(b > a for a, b in pairs)
    if not steady and draft.rng.random() < draft.rate * 2:
        word = draft.rng.choice(["steadily", "monotonically", "consistently"])
        verb = "decreases" if curve.lower else "increases"
        draft.say(f"The {curve.name} {verb} {word}.", "steady", planted=True)


def _count(draft: Draft, curves: list[Curve]) -> None:
    rng, planted = draft.rng, draft.plants()
    listed = rng.randint(2, 6)
    stated = listed + (rng.choice([-1, 1, 2]) if planted else 0)
    noun = rng.choice(NOUNS)
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight")
    number = words[stated] if rng.random() < 0.4 else str(stated)
    stated_line = rng.choice([f"Tested {noun} ({number} {noun}):", f"We used {number} {noun}:", f"### Evaluation ({number} test {noun})"])
    draft.say(stated_line, "count" if stated > 1 or not planted else "", planted=planted)
    draft.say()
    for at in range(listed):
        draft.say(f"- {rng.choice(['portrait', 'street', 'forest', 'kitchen'])} {'abcdefgh'[at]}")


def _share(draft: Draft, curves: list[Curve]) -> None:
    rng, planted = draft.rng, draft.plants()
    total = rng.randint(12, 240)
    part = rng.randint(1, total)
    share = 100 * part / total
    claimed = _wrong(rng, share) if planted else share
    text = rng.choice([
        f"{part}/{total} images show the right color ({claimed:.1f}%).",
        f"The face is recognized in {claimed:.0f}% ({part}/{total}) of the pictures.",
    ])  # fmt: skip
    if not planted or abs(claimed - share) > 1.5:
        draft.say(text, "share", planted=planted)


def _mean(draft: Draft, curves: list[Curve]) -> None:
    curve, planted = draft.rng.choice(curves), draft.plants()
    mean = fmean(curve.values)
    claimed = mean * draft.rng.choice([0.85, 1.2]) if planted else mean
    noun = "epochs" if curve.kind == "epoch" else "checkpoints"
    draft.say(f"The average {curve.name} over all {noun} is {claimed:.{curve.decimals}f}.", "mean", planted=planted)


def _equation(draft: Draft, curves: list[Curve]) -> None:
    rng, planted = draft.rng, draft.plants()
    images, repeats, epochs = rng.randint(15, 250), rng.randint(1, 12), rng.randint(4, 20)
    result = images * repeats * epochs
    claimed = result + (rng.choice([-1, 1]) * rng.randint(10, 400) if planted else 0)
    shown = f"{claimed:,}" if rng.random() < 0.5 else str(claimed)
    draft.say(f"{images} images × {repeats} repeats × {epochs} epochs = {shown} samples", "equation", planted=planted)


def _threshold(draft: Draft, curves: list[Curve]) -> None:
    curve = draft.rng.choice(curves)
    middle = sorted(curve.values)[len(curve.values) // 2]
    sign = "<" if curve.lower else ">"
    draft.say(f"| {curve.kind.capitalize()} | {curve.title} | Target ({sign} {curve.shown(middle)}) |")
    draft.say("|---|---|---|")
    wrong = 0
    for label, value in zip(curve.labels, curve.values, strict=True):
        if value == middle:
            continue
        met = value < middle if curve.lower else value > middle
        planted = wrong < len(curve.labels) // 5 and draft.rng.random() < draft.rate / 2
        wrong += planted
        mark = draft.rng.choice(["✅", "yes", "met"] if met != planted else ["❌", "no", "missed"])
        draft.say(f"| {label} | {curve.shown(value)} | {mark} |", "threshold", planted=planted)


def _comparison(draft: Draft, curves: list[Curve]) -> None:
    rng = draft.rng
    draft.say("| Metric | Baseline | Ours | Change |")
    draft.say("|---|---|---|---|")
    for title, _, _, (low, high), decimals, _ in rng.sample(METRICS, 3):
        a, b = (round(rng.uniform(low, high), decimals) for _ in "ab")
        share, planted = 100 * (b / a - 1), draft.plants()
        claimed = _wrong(rng, abs(share)) * (1 if share > 0 else -1) if planted else share
        if planted and abs(claimed - share) < 1.5:
            continue
        draft.say(f"| {title} | {a:.{decimals}f} | {b:.{decimals}f} | {claimed:+.1f}% |", "comparison", planted=planted)


def _ratio(draft: Draft, curves: list[Curve]) -> None:
    rng, planted = draft.rng, draft.plants()
    a, b = rng.randint(20, 60), rng.randint(70, 400)
    ratio = b / a * (rng.choice([0.6, 1.5]) if planted else 1)
    draft.say(f"Training is {ratio:.1f}x faster ({a} min vs {b} min).", "ratio", planted=planted)


@dataclass
class Score:
    """How many planted errors were found, and how many true claims were called inconsistent."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    correct: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    missed_lines: list[str] = field(default_factory=list)
    alarm_lines: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return sum(self.found.values()) / max(1, sum(self.planted.values()))

    @property
    def false_alarms(self) -> float:
        return sum(self.alarms.values()) / max(1, sum(self.correct.values()))


def score_reports(first: int, count: int) -> Score:
    """Check ``count`` reports from the seed ``first`` on."""
    score = Score()
    for seed in range(first, first + count):
        text, truth = draw_report(seed)
        claims = {claim.place.line: claim for claim in check_reports([read_markdown(text, "report.md")])}
        lines = text.splitlines()
        for line, kind in truth.items():
            claim = claims.get(line)
            wrong = claim is not None and claim.verdict == "inconsistent"
            name = kind.rstrip("!")
            if kind.endswith("!"):
                score.planted[name] += 1
                score.found[name] += wrong
                if not wrong:
                    score.missed_lines.append(f"{seed}:{line} {name}: {lines[line - 1]} | {claim and (claim.verdict, claim.recomputed)}")
            else:
                score.correct[name] += 1
                score.alarms[name] += wrong
                if wrong and claim:
                    score.alarm_lines.append(f"{seed}:{line} {name}: {lines[line - 1]} | {claim.recomputed}")
    return score


def main() -> None:
    """Print recall and false alarms by kind of claim."""
    parser = argparse.ArgumentParser(description="Measure the claim checker on simulated reports.")
    parser.add_argument("--first", type=int, default=0, help="first seed; 0 to 199 were used for development, report on 1000 and later")
    parser.add_argument("--count", type=int, default=200, help="reports")
    parser.add_argument("--show", action="store_true", help="print what was missed and what was raised without reason")
    options = parser.parse_args()
    score = score_reports(options.first, options.count)
    print(f"{'claim':12} {'planted':>8} {'found':>6} {'correct':>8} {'alarms':>7}")
    for kind in sorted(score.planted | score.correct):
        print(f"{kind:12} {score.planted[kind]:8} {score.found[kind]:6} {score.correct[kind]:8} {score.alarms[kind]:7}")
    print(
        f"recall {100 * score.recall:.1f} % of {sum(score.planted.values())}, false alarms {100 * score.false_alarms:.1f} % of "
        f"{sum(score.correct.values())}"
    )
    if options.show:
        print("\n".join(["missed:", *score.missed_lines[:60], "without reason:", *score.alarm_lines[:60]]))


if __name__ == "__main__":
    main()
