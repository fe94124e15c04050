"""What a measured collection comes to: counts that can be added, shard by shard, in any grouping.

Metrics are counted by their values to three digits, tokens exactly, words by how many captions hold them. Of a vocabulary too large to
remember, the rarest words are given up and every count may then be short by a stated number (Misra and Gries 1982; mergeable by Agarwal et
al. 2012).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lorascope.evaluation.metrics import METRICS
from lorascope.records.interval import share_interval
from lorascope.records.run import JsonValue

EXACT_TO = 10_000  # whole numbers up to here are counted exactly, others to three digits
WORDS_KEPT = 20_000
SHOWN_WORDS = 30


@dataclass(slots=True)
class Totals:
    """Sums over rows. ``findings`` counts findings by check, ``captions_with`` captions that have any, ``problems`` why pictures or
    captions could not be read; ``values`` maps a metric to how often it has each value; ``tokens`` a count of tokens to how many captions
    have it; ``words`` a word to in how many captions it stands, each count at most ``words_missed`` too low.
    """

    rows: int = 0
    images: int = 0
    captions: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    captions_with: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    backgrounds: Counter[str] = field(default_factory=Counter)
    tokens: Counter[int] = field(default_factory=Counter)
    values: dict[str, Counter[float]] = field(default_factory=dict)
    words: Counter[str] = field(default_factory=Counter)
    words_missed: int = 0

    def add(self, other: Totals) -> None:
        """Add another part's totals to these."""
        self.rows += other.rows
        self.images += other.images
        self.captions += other.captions
        for name in ("findings", "captions_with", "problems", "backgrounds", "tokens"):
            getattr(self, name).update(getattr(other, name))
        for metric, values in other.values.items():
            self.values.setdefault(metric, Counter()).update(values)
        self.words.update(other.words)
        self.words_missed += other.words_missed
        self.forget_rare_words()

    def count(self, batch: pa.RecordBatch) -> None:
        """Count a measured batch (words apart: see :meth:`count_words`)."""
        self.rows += batch.num_rows
        self.images += batch.num_rows - batch.column("width").null_count
        self.captions += batch.num_rows - batch.column("tokens").null_count
        self.tokens.update(_counted(batch.column("tokens")))
        self.backgrounds.update(_counted(batch.column("background_kind")))
        for what in ("image_problem", "caption_problem"):
            self.problems.update(_counted(batch.column(what)))
        found = batch.column("findings")
        checks = pc.struct_field(found.flatten(), "check")
        self.findings.update(_counted(checks))
        per_row = pa.table({"row": pc.list_parent_indices(found), "check": checks}).group_by(["row", "check"]).aggregate([])
        self.captions_with.update(_counted(per_row.column("check")))
        for metric in METRICS:
            values = np.asarray(pc.struct_field(batch.column("metrics"), metric.name).drop_null(), np.float64)
            if len(values):
                self.values.setdefault(metric.name, Counter()).update(_rounded(values))

    def count_words(self, words: Sequence[str], codes: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
        """Count in how many captions each word stands (a run without white space, in lower case, without punctuation around it)."""
        if not len(codes):
            return
        plain = [word.strip(_PUNCTUATION).lower() for word in words]
        names = {name: place for place, name in enumerate(dict.fromkeys(plain))}
        same = np.array([names[word] for word in plain], np.int64)[codes]
        row = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(codes))))
        pairs = np.sort(row * len(names) + same)
        once = pairs[np.append(True, pairs[1:] != pairs[:-1])] % len(names)
        held = np.bincount(once, minlength=len(names))
        self.words.update({name: int(held[place]) for name, place in names.items() if name})
        self.forget_rare_words()

    def forget_rare_words(self, most: int = WORDS_KEPT) -> None:
        """Keep the memory small: lower all counts by that of the first word too many, and drop those that are then zero."""
        if len(self.words) <= most:
            return
        least = sorted(self.words.values(), reverse=True)[most]
        self.words = Counter({word: count - least for word, count in self.words.items() if count > least})
        self.words_missed += least

    def to_json(self) -> dict[str, JsonValue]:
        """For keeping; :meth:`from_json` reads it."""
        counters = {
            name: _plain(getattr(self, name)) for name in ("findings", "captions_with", "problems", "backgrounds", "tokens", "words")
        }
        values: dict[str, JsonValue] = {metric: _plain(found) for metric, found in sorted(self.values.items())}
        whole: dict[str, JsonValue] = {name: getattr(self, name) for name in ("rows", "images", "captions", "words_missed")}
        return {**whole, **counters, "values": values}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Totals:
        """What :meth:`to_json` gave."""
        words = {name: Counter(kept[name]) for name in ("findings", "captions_with", "problems", "backgrounds", "words")}
        values = {metric: Counter({float(value): count for value, count in found.items()}) for metric, found in kept["values"].items()}
        tokens = Counter({int(count): captions for count, captions in kept["tokens"].items()})
        return cls(kept["rows"], kept["images"], kept["captions"], **words, tokens=tokens, values=values, words_missed=kept["words_missed"])


_PUNCTUATION = ".,;:!?()[]{}\"'|"


def _counted(values: Any) -> dict[Any, int]:
    counted = pc.value_counts(values.drop_null())
    return {entry["values"]: entry["counts"] for entry in counted.to_pylist()}


def _plain(counter: Counter[Any]) -> dict[str, JsonValue]:
    return {str(key): count for key, count in sorted(counter.items())}


def _rounded(values: NDArray[np.float64]) -> Counter[float]:
    """How often each value occurs, to three digits; small whole numbers, and shares to a thousandth, as they are."""
    exact, counts = np.unique(np.round(values, 3), return_counts=True)
    found: Counter[float] = Counter()
    for value, count in zip(exact.tolist(), counts.tolist(), strict=True):
        found[value if abs(value) <= 1 or (value.is_integer() and abs(value) <= EXACT_TO) else float(f"{value:.3g}")] += count
    return found


Value = TypeVar("Value", int, float)


def quantile(counts: Mapping[Value, int], share: float) -> Value:
    """The value up to which a share of the counted ones lies. Raises ValueError when nothing was counted."""
    wanted = share * sum(counts.values())
    reached = 0
    for value in sorted(counts):
        reached += counts[value]
        if reached >= wanted:
            return value
    raise ValueError("nothing was counted")


def summary(totals: Totals) -> dict[str, JsonValue]:
    """The totals for people and scripts: shares with their 95 % intervals (Wilson), quantiles, the most frequent words."""
    checks: dict[str, JsonValue] = {}
    for check, count in sorted(totals.findings.items()):
        holders = totals.captions_with[check]
        interval = share_interval(holders, totals.rows)
        checks[check] = {
            "findings": count,
            "rows": holders,
            "share": round(holders / totals.rows, 6),
            "low": round(interval.low, 6),
            "high": round(interval.high, 6),
        }
    metrics: dict[str, JsonValue] = {}
    for metric in METRICS:
        values = totals.values.get(metric.name)
        if values:
            metrics[metric.name] = {
                "n": sum(values.values()),
                **{name: quantile(values, share) for name, share in _QUANTILES},
                "unit": metric.unit,
            }
    tokens: JsonValue = {name: quantile(totals.tokens, share) for name, share in _QUANTILES} if totals.tokens else None
    common = sorted(totals.words.items(), key=lambda pair: (-pair[1], pair[0]))[:SHOWN_WORDS]
    return {
        "rows": totals.rows,
        "images": totals.images,
        "captions": totals.captions,
        "checks": checks,
        "metrics": metrics,
        "tokens": tokens,
        "backgrounds": _plain(totals.backgrounds),
        "problems": _plain(totals.problems),
        "words": dict[str, JsonValue](common),
        "words_missed": totals.words_missed,
    }


_QUANTILES = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))
