"""How well, and how fast, ``lorascope audit`` and ``lorascope clean`` work on the demo dataset: ``python benchmarks/bench_audit.py``.

Found and missed: a planted defect counts as found when a finding of its check in its file overlaps one of its spans; a
finding counts as false when it overlaps no plant of its check. The clean version is the same pictures with their true
captions, once plain and once with true hex codes: every finding there is a false alarm.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lorascope.jobs.audit import audit
from lorascope.jobs.clean import clean
from lorascope.jobs.read_assets import demo_dataset, demo_plants
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.finding import Finding

RESULTS = Path(__file__).parent / "results" / "audit.jsonl"

Plant = dict[str, object]


def covers(finding: Finding, plant: Plant) -> bool:
    """Whether a finding is the planted defect: the same check and file, and spans that overlap (or none planted)."""
    spans: list[list[int]] = plant["spans"]  # type: ignore[assignment]
    same = finding.check == plant["check"] and finding.file == plant["file"]
    return same and (not spans or any(start < last and first < end for start, end in finding.spans for first, last in spans))


def accuracy(findings: tuple[Finding, ...], plants: list[Plant]) -> list[dict[str, object]]:
    """One row for each kind of planted defect, then one for the findings of each check that no plant explains."""
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.file, []).append(finding)
    rows: list[dict[str, object]] = []
    for defect in dict.fromkeys(str(plant["defect"]) for plant in plants):
        planted = [plant for plant in plants if plant["defect"] == defect]
        found = sum(any(covers(finding, plant) for finding in by_file.get(str(plant["file"]), [])) for plant in planted)
        check = str(planted[0]["check"])
        of_check = [finding for finding in findings if finding.check == check]
        true = sum(any(covers(finding, plant) for plant in plants) for finding in of_check)
        precision = true / len(of_check) if of_check else None
        rows.append({"defect": defect, "check": check, "planted": len(planted), "found": found, "findings": len(of_check), "true": true})
        rows[-1] |= {"recall": found / len(planted), "precision": precision}
    return rows


def write_true(folder: Path, source: Path, planted: dict[str, object], *, with_codes: bool) -> None:
    """The clean version of the dataset: the same pictures, true captions."""
    folder.mkdir()
    captions: dict[str, dict[str, object]] = planted["captions"]  # type: ignore[assignment]
    for name, true in captions.items():
        text = str(true["caption"])
        if with_codes:
            codes: dict[str, str] = true["codes"]  # type: ignore[assignment]
            clauses = text.split(", ")
            for trait, code in codes.items():
                noun = {"hair": " hair", "clothing": " clothing", "hat": " hat", "background": " background"}[trait]
                clauses = [f"{clause} ({code})" if clause.endswith(noun) else clause for clause in clauses]
            text = ", ".join(clauses)
        shutil.copyfile(source / f"{name}.png", folder / f"{name}.png")
        (folder / f"{name}.txt").write_text(text + "\n", "utf-8")


def repaired(source: Path, planted: dict[str, object], out: Path) -> dict[str, object]:
    """What cleaning makes of the planted captions: right background words, and captions equal to the truth but for kept true codes."""
    result = clean(source, out, include_ask=True)
    captions: dict[str, dict[str, object]] = planted["captions"]  # type: ignore[assignment]
    texts = {item.image_file[:-4]: (item.caption or "").strip() for item in result.dataset.items}
    with_text = {name: text for name, text in texts.items() if text}
    word = sum(str(captions[name]["caption"]).split(", ")[-1].split()[0] == background_word(text) for name, text in with_text.items())
    plain = sum(without_codes(text) == captions[name]["caption"] for name, text in with_text.items())
    true_codes = all(code in captions[name]["codes"].values() for name, text in with_text.items() for code in codes_in(text))  # type: ignore[union-attr, attr-defined]
    again = clean(out, None, include_ask=True)
    return {
        "captions": len(with_text),
        "right_background_word": word,
        "equal_to_the_truth_without_codes": plain,
        "only_true_codes_left": true_codes,
        "changed_by_a_second_cleaning": len(again.repairs),
        "refused": result.refused(),
        "left": dict(Counter(finding.check for finding in again.audited.findings)),
    }


def background_word(text: str) -> str:
    """The word before "background"."""
    words = text.replace(",", " ").split()
    return words[words.index("background") - 1] if "background" in words else ""


def codes_in(text: str) -> list[str]:
    """The hex codes of a caption."""
    return [word.strip("(),") for word in text.split() if "#" in word]


def without_codes(text: str) -> str:
    """A caption without its codes in parentheses."""
    return (
        " ".join(word if "#" not in word else word.partition("(")[0] + word.rpartition(")")[2] for word in text.split())
        .replace(" ,", ",")
        .strip()
    )


def median_time_s(work: Callable[[], object], repeats: int = 5) -> float:
    """Median CPU seconds of this process (the machine may be shared)."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times)


def speed(folder: Path) -> dict[str, float]:
    """Throughput per CPU second, against reading the same files and decoding the same pictures."""
    files = sorted(folder.iterdir())
    images = [path for path in files if path.suffix == ".png"]
    count = len(images)
    reading = median_time_s(lambda: [path.read_bytes() for path in files])
    decoding = median_time_s(lambda: [load_pixels(path) for path in images])
    text = median_time_s(lambda: audit(folder, look_at_pixels=False))
    whole = median_time_s(lambda: audit(folder))
    return {
        "images": count,
        "reading_files_s": reading,
        "reading_and_decoding_s": reading + decoding,
        "audit_text_s": text,
        "audit_with_pixels_s": whole,
        "captions_per_s": count / text,
        "images_per_s": count / whole,
        "text_over_reading": text / reading,
        "pixels_over_decoding": whole / (reading + decoding),
    }


def show(rows: list[dict[str, object]]) -> None:
    """The table of recall and precision."""
    print(f"{'planted defect':18} {'check':36} planted found recall   findings true precision")
    for row in rows:
        precision = "-" if row["precision"] is None else f"{row['precision']:.3f}"
        found = f"{row['planted']:7} {row['found']:5} {row['recall']:.3f}"
        print(f"{row['defect']:18} {row['check']:36} {found} {row['findings']:10} {row['true']:4} {precision}")


def main() -> None:
    """Measure, print and append to the results."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    source, planted = demo_dataset(), json.loads(demo_plants().read_text("utf-8"))
    rows = accuracy(audit(source).findings, planted["plants"])
    show(rows)
    with tempfile.TemporaryDirectory() as scratch:
        alarms = {}
        for with_codes in (False, True):
            folder = Path(scratch) / ("codes" if with_codes else "plain")
            write_true(folder, source, planted, with_codes=with_codes)
            alarms[folder.name] = dict(Counter(finding.check for finding in audit(folder).findings))
        repair = repaired(source, planted, Path(scratch) / "repaired")
    print(f"\nfalse alarms on {len(planted['captions'])} true captions: {alarms['plain'] or 'none'}")
    print(f"the same with true codes: {alarms['codes'] or 'none'}")
    print("after lorascope clean --all:", json.dumps(repair))
    measured = speed(source)
    print("\nspeed (CPU seconds, median of 5):", json.dumps({key: round(value, 4) for key, value in measured.items()}))
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "processor_count": os.cpu_count()}
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        file.write(json.dumps({"at": at, **machine, "accuracy": rows, "false_alarms": alarms, "repair": repair, "speed": measured}) + "\n")


if __name__ == "__main__":
    main()
