"""How well each check finds its class of defects, in every dialect it occurs in: ``python benchmarks/bench_checks.py``.

Figures made of words and pixels (``tools/planted_figures.py``) get true captions; one class of defects is planted into a
share of them; the folder is written and audited as a user's would be. Recall: planted defects that a finding of the check
covers. Precision: findings of the check that cover a planted defect. Repair: captions that ``clean`` makes equal to the true
one, where the class has a stated repair. Rules were settled on seeds below 1000; the seeds here are above.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from lorascope.captions.check import Reader
from lorascope.captions.checks import CHECKS
from lorascope.captions.clean import repair
from lorascope.captions.dialect import Dialect
from lorascope.jobs.audit import AuditResult, audit
from lorascope.records.finding import Finding, FixKind
from planted_classes import CLASSES
from planted_defects import Case, Class, dataset
from planted_figures import TRIGGER
from planted_files import FILE_CLASSES, FileClass, write

RESULTS = Path(__file__).parent / "results" / "checks.jsonl"
TEST_SEEDS = (1001, 1002, 1003)
ALL_FIXES = frozenset({FixKind.SAFE, FixKind.ASK})


@dataclass
class Row:
    """One class in one dialect. ``mendable`` are the planted defects with a stated repair, ``mended`` those repaired exactly."""

    defect: str
    check: str
    dialect: str
    safe: bool = False
    planted: int = 0
    found: int = 0
    findings: int = 0
    true: int = 0
    mendable: int = 0
    mended: int = 0

    @property
    def recall(self) -> float | None:
        """Share of the planted defects that were found."""
        return self.found / self.planted if self.planted else None

    @property
    def precision(self) -> float | None:
        """Share of the findings that cover a planted defect."""
        return self.true / self.findings if self.findings else None


def covers(finding: Finding, case: Case) -> bool:
    """Whether a finding points to the planted defect of a case."""
    assert case.defect
    if finding.file not in {f"{case.name}.txt", f"{case.name}.png"}:
        return False
    spans = case.defect.spans
    return not spans or not finding.spans or any(start < last and first < end for start, end in finding.spans for first, last in spans)


def measure_class(kind: Class, dialect: Dialect, seeds: Sequence[int], count: int, scratch: Path, misses: list[str]) -> Row:
    """Plant a class, audit, and compare."""
    row = Row(kind.name, kind.check, dialect.value, kind.safe)
    for seed in seeds:
        cases = dataset(kind, dialect, seed, count)
        folder = scratch / f"{kind.check}_{dialect}_{seed}"
        write(folder, cases)
        reader = Reader(shuffles=True, keep_tokens=1) if kind.check == "shuffle_hazard" else Reader()
        result = audit(folder, trigger=TRIGGER, reader=reader)
        of_check = [finding for finding in result.findings if finding.check == kind.check and finding.file]
        planted = [case for case in cases if case.defect]
        row.planted += len(planted)
        row.findings += len(of_check)
        for case in planted:
            is_found = any(covers(finding, case) for finding in of_check)
            row.found += is_found
            if not is_found:
                misses.append(f"{kind.check} {dialect} missed: {case.text}")
        for finding in of_check:
            is_true = any(covers(finding, case) for case in planted)
            row.true += is_true
            if not is_true:
                misses.append(f"{kind.check} {dialect} false: {finding.message} | {result.texts().get(finding.file, '')}")
        _repairs(row, kind, planted, result, misses)
    return row


def _repairs(row: Row, kind: Class, planted: Sequence[Case], result: AuditResult, misses: list[str]) -> None:
    by_file = {entry.file: entry for entry in result.entries}
    checks = [check for check in CHECKS if check.name == kind.check]
    for case in planted:
        assert case.defect
        if case.defect.fixed is None:
            continue
        row.mendable += 1
        after = repair(by_file[f"{case.name}.txt"], result.around, ALL_FIXES, checks).after.rstrip("\n")
        row.mended += after == case.defect.fixed
        if after != case.defect.fixed:
            misses.append(f"{kind.check} repair: {case.text}\n    made   {after}\n    wanted {case.defect.fixed}")


def measure_files(kind: FileClass, dialect: Dialect, seeds: Sequence[int], count: int, scratch: Path, misses: list[str]) -> Row:
    """The same for classes that are defects of files."""
    row = Row(kind.name, " or ".join(kind.checks), dialect.value)
    for seed in seeds:
        cases = dataset(None, dialect, seed, count)
        folder = scratch / f"{kind.checks[0]}_{kind.plant.__name__}_{dialect}_{seed}"
        write(folder, cases)
        rng = np.random.default_rng([seed, 7])
        plants = [files for case in cases if rng.random() < kind.share and (files := kind.plant(rng, folder, case, cases))]
        findings = [finding for finding in audit(folder, trigger=TRIGGER).findings if finding.check in kind.checks and finding.file]
        row.planted += len(plants)
        row.findings += len(findings)
        for files in plants:
            is_found = any(finding.file in files for finding in findings)
            row.found += is_found
            if not is_found:
                misses.append(f"{row.check} {dialect} missed: {files}")
        every = {file for files in plants for file in files}
        row.true += sum(finding.file in every for finding in findings)
        misses += [f"{row.check} {dialect} false: {finding.file}: {finding.message}" for finding in findings if finding.file not in every]
    return row


def false_alarms(seeds: Sequence[int], count: int, scratch: Path, misses: list[str]) -> dict[str, dict[str, int]]:
    """Findings on true captions, by dialect and check; notes on the dataset as a whole are not counted."""
    alarms: dict[str, dict[str, int]] = {}
    for dialect in Dialect:
        found: Counter[str] = Counter()
        for seed in seeds:
            folder = scratch / f"clean_{dialect}_{seed}"
            write(folder, dataset(None, dialect, seed, count))
            result = audit(folder, trigger=TRIGGER)
            found.update(finding.check for finding in result.findings if finding.file)
            misses += [f"clean {dialect}: {f.check}: {f.message} | {result.texts().get(f.file, '')}" for f in result.findings if f.file]
        alarms[dialect.value] = dict(found)
    return alarms


def show(rows: Sequence[Row]) -> None:
    """The table."""
    print(f"{'defect':40} {'check':38} dialect planted recall  findings precision repaired exactly")
    for row in rows:
        recall = "-" if row.recall is None else f"{row.recall:.3f}"
        precision = "-" if row.precision is None else f"{row.precision:.3f}"
        repaired = f"{row.mended}/{row.mendable}" if row.mendable else "-"
        print(f"{row.defect:40} {row.check:38} {row.dialect:7} {row.planted:7} {recall:7} {row.findings:8} {precision:9} {repaired}")


def main() -> None:
    """Measure, print and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=TEST_SEEDS)
    parser.add_argument("--count", type=int, default=100, help="captions in a dataset")
    parser.add_argument("--only", nargs="*", default=(), help="checks")
    parser.add_argument("--misses", type=Path, help="write what was missed, falsely found or wrongly repaired to this file")
    arguments = parser.parse_args()
    misses: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        wanted = [kind for kind in CLASSES if not arguments.only or kind.check in arguments.only]
        rows = [
            measure_class(kind, dialect, arguments.seeds, arguments.count, scratch, misses) for kind in wanted for dialect in kind.dialects
        ]
        file_classes = [kind for kind in FILE_CLASSES if not arguments.only or set(kind.checks) & set(arguments.only)]
        rows += [measure_files(kind, Dialect.TAGS, arguments.seeds, arguments.count, scratch, misses) for kind in file_classes]
        show(rows)
        alarms = {} if arguments.only else false_alarms(arguments.seeds, arguments.count, scratch, misses)
    print("\nfindings on true captions:", json.dumps(alarms))
    if arguments.misses:
        arguments.misses.write_text("\n".join(misses) + "\n", "utf-8")
    if not arguments.only:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        record = {
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            **machine,
            "seeds": list(arguments.seeds),
            "count": arguments.count,
        }
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**record, "rows": [asdict(row) for row in rows], "alarms": alarms}) + "\n")


if __name__ == "__main__":
    main()
