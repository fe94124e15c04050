"""A judgment: what the data said of a hypothesis at one moment. It is added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lorascope.records.hypothesis import Verdict
from lorascope.records.plain import number, text, texts
from lorascope.records.run import JsonValue

JUDGMENT = "judgment"  # the record's type in files and in the store


@dataclass(frozen=True, slots=True)
class Judgment:
    """One judgment. ``prior`` and ``posterior`` are probabilities; ``bayes_factor`` is how much more probable the data are if it holds.

    ``estimate`` with ``low`` and ``high`` (95 %) is in ``unit``: a difference (``kind`` "change"), a share of runs ("rule") or a level.
    ``n`` counts ``of`` (prompts, answers, runs, pairs of runs) on each side; ``images`` all values used. ``runs`` are those used, the
    changed ones after "to". ``exploratory``: some of the data were there before the hypothesis was registered, or it never was.
    ``data`` is the digest of the numbers used: the same digest, the same answer. ``at`` is when, in seconds since the epoch.
    """

    hypothesis: str
    verdict: Verdict
    reason: str
    kind: str = ""
    metric: str | None = None
    unit: str = ""
    threshold: float | None = None
    prior: float | None = None
    posterior: float | None = None
    bayes_factor: float | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    of: str = ""
    images: int = 0
    runs: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    exploratory: bool = True
    data: str = ""
    notes: tuple[str, ...] = ()
    at: float | None = None

    def as_record(self) -> dict[str, JsonValue]:
        """The record that is kept: its type, then what is known."""
        kept: dict[str, JsonValue] = {"type": JUDGMENT}
        for name, value in asdict(self).items():
            if value not in (None, "", ()):
                kept[name] = list(value) if isinstance(value, tuple) else value
        return kept | {"verdict": str(self.verdict), "n": self.n, "exploratory": self.exploratory}


def judgment_of(record: Mapping[str, JsonValue]) -> Judgment | None:
    """The judgment in a kept record; None where somebody wrote something else under that type."""
    verdicts = {str(verdict): verdict for verdict in Verdict}
    name, verdict = record.get("hypothesis"), record.get("verdict")
    if not isinstance(name, str) or not isinstance(verdict, str) or verdict not in verdicts:
        return None
    return Judgment(
        hypothesis=name,
        verdict=verdicts[verdict],
        reason=text(record.get("reason")),
        kind=text(record.get("kind")),
        metric=text(record.get("metric")) or None,
        unit=text(record.get("unit")),
        threshold=number(record.get("threshold")),
        prior=number(record.get("prior")),
        posterior=number(record.get("posterior")),
        bayes_factor=number(record.get("bayes_factor")),
        estimate=number(record.get("estimate")),
        low=number(record.get("low")),
        high=number(record.get("high")),
        n=int(number(record.get("n")) or 0),
        of=text(record.get("of")),
        images=int(number(record.get("images")) or 0),
        runs=texts(record.get("runs")),
        to=texts(record.get("to")),
        exploratory=record.get("exploratory") is not False,
        data=text(record.get("data")),
        notes=texts(record.get("notes")),
        at=number(record.get("at")),
    )
