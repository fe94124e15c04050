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
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from lorascope.jobs.audit import audit
from lorascope.jobs.clean import clean
from lorascope.jobs.read_assets import demo_dataset, demo_plants, knowledge
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.finding import Finding
from planted_pictures import decoder_noise

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


def used_s(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of a process. Its exit status is its own business: an audit that finds something may end with 1."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of one call in this process (the machine may be shared)."""
    started = time.process_time()
    work()
    return time.process_time() - started


def enlarged(source: Path, target: Path, side_px: int) -> None:
    """The same dataset as a model's decoder would draw it: large, with noise in every cell."""
    target.mkdir()
    for index, path in enumerate(sorted(source.iterdir())):
        if path.suffix == ".png":
            large = Image.fromarray(load_pixels(path)).resize((side_px, side_px), Image.Resampling.NEAREST)
            Image.fromarray(decoder_noise(np.asarray(large), index)).save(target / path.name)
        elif path.suffix == ".txt":
            shutil.copyfile(path, target / path.name)


def speed(folder: Path, scratch: Path, peers: Path | None) -> list[dict[str, object]]:
    """One row for each way to look at a folder: CPU seconds within this process and of a whole process, cold and warm."""
    images = sorted(path for path in folder.iterdir() if path.suffix == ".png")
    caches = scratch / "caches"
    knowledge()
    decoding = min(cpu_s(lambda: [load_pixels(path) for path in images]) for _ in range(3))
    text = min(cpu_s(lambda: audit(folder, look_at_pixels=False)) for _ in range(3))
    cold = cpu_s(lambda: audit(folder, caches=caches))
    warm = min(cpu_s(lambda: audit(folder, caches=caches)) for _ in range(5))
    rows: list[dict[str, object]] = [
        {"what": "decoding the pictures alone", "cpu_s": decoding},
        {"what": "audit, words only", "cpu_s": text},
        {"what": "audit, cold", "cpu_s": cold},
        {"what": "audit, nothing changed since", "cpu_s": warm},
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "LORASCOPE_CACHE": str(scratch / "process_caches")}
    command = [sys.executable, "-m", "lorascope.cli.main", "audit", str(folder), "--max", "0"]
    for what in ("process: lorascope audit, cold", "process: lorascope audit, nothing changed since"):
        wall, cpu = used_s(command, environment)
        rows.append({"what": what, "cpu_s": cpu, "wall_s": wall})
    if peers is not None:
        for what, peer in peer_commands(folder, peers).items():
            wall, cpu = used_s(peer, environment)
            rows.append({"what": what, "cpu_s": cpu, "wall_s": wall})
    return rows


def copies(source: Path, target: Path, times: int) -> None:
    """The same dataset many times over, under new names."""
    target.mkdir()
    for path in sorted(source.iterdir()):
        for number in range(times if path.suffix in {".png", ".txt"} else 0):
            shutil.copyfile(path, target / f"{path.stem}_{number:03}{path.suffix}")


def at_size(folder: Path, scratch: Path) -> list[dict[str, object]]:
    """One row for each thing done with a large folder, each in a process of its own, so that its memory can be told."""
    rows: list[dict[str, object]] = []
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for what, code in AT_SIZE.items():
        command = [sys.executable, "-c", MEASURED.format(code=code), str(folder), str(scratch)]
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        rows.append({"what": what, **json.loads(told)})
    return rows


AT_SIZE = {
    "listing and reading": "read_folder(folder)",
    "audit, words only": "audit(folder, look_at_pixels=False)",
    "audit, cold": "audit(folder, caches=scratch)",
    "audit, pictures known, other question": "audit(folder, caches=scratch, trigger='bespoke')",
    "audit, nothing changed since": "audit(folder, caches=scratch)",
    "clean --ask, to a copy": "clean(folder, scratch / 'copy', include_ask=True)",
}
MEASURED = """
import json, resource, sys, time
from pathlib import Path
from lorascope.jobs.audit import audit
from lorascope.jobs.clean import clean
from lorascope.jobs.read_assets import knowledge
from lorascope.jobs.read_dataset import read_folder
folder, scratch = map(Path, sys.argv[1:])
knowledge()
held, started, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), time.perf_counter()
{code}
rows = dict(cpu_s=time.process_time() - started, wall_s=time.perf_counter() - begun)
print(json.dumps(rows | dict(more_mb=(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024)))
"""


def peer_commands(folder: Path, peers: Path) -> dict[str, list[str]]:
    """What others do with the same folder."""
    python = str(peers / "bin" / "python")
    vision = "import sys; from cleanvision import Imagelab; Imagelab(data_path=sys.argv[1]).find_issues(n_jobs=1, verbose=False)"
    copies = (
        "import sys; from imagededup.methods import PHash; PHash(verbose=False).find_duplicates(image_dir=sys.argv[1], num_enc_workers=0)"
    )
    return {
        "process: caption-audit (words only)": [str(peers / "bin" / "caption-audit"), str(folder)],
        "process: cleanvision (pictures only)": [python, "-c", vision, str(folder)],
        "process: imagededup PHash (copies only)": [python, "-c", copies, str(folder)],
    }


def show_speed(title: str, rows: list[dict[str, object]]) -> None:
    """The table of one folder."""
    print(f"\n{title}\n{'':48} {'CPU s':>8} {'wall s':>8} {'MB more':>8}")
    for row in rows:
        others = "".join(f" {row[name]:8.3f}" if name in row else f"{'':9}" for name in ("wall_s", "more_mb"))
        print(f"{row['what']:48} {row['cpu_s']:8.3f}{others}")


def show(rows: list[dict[str, object]]) -> None:
    """The table of recall and precision."""
    print(f"{'planted defect':18} {'check':36} planted found recall   findings true precision")
    for row in rows:
        precision = "-" if row["precision"] is None else f"{row['precision']:.3f}"
        found = f"{row['planted']:7} {row['found']:5} {row['recall']:.3f}"
        print(f"{row['defect']:18} {row['check']:36} {found} {row['findings']:10} {row['true']:4} {precision}")


def main() -> None:
    """Measure, print and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="an environment with caption-audit, cleanvision and imagededup")
    parser.add_argument("--times", type=int, default=100, help="copies of the demo in the large folder (default 100: 20,300 captions)")
    arguments = parser.parse_args()
    source, planted = demo_dataset(), json.loads(demo_plants().read_text("utf-8"))
    rows = accuracy(audit(source).findings, planted["plants"])
    show(rows)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        alarms = {}
        for with_codes in (False, True):
            folder = scratch / ("codes" if with_codes else "plain")
            write_true(folder, source, planted, with_codes=with_codes)
            alarms[folder.name] = dict(Counter(finding.check for finding in audit(folder).findings if finding.file))
        repair = repaired(source, planted, scratch / "repaired")
        print(f"\nfalse alarms on {len(planted['captions'])} true captions: {alarms['plain'] or 'none'}")
        print(f"the same with true codes: {alarms['codes'] or 'none'}")
        print("after lorascope clean --ask:", json.dumps(repair))
        small, large = scratch / "small", scratch / "large"
        shutil.copytree(source, small)
        enlarged(source, large, 512)
        copies(source, scratch / "many", arguments.times)
        time.sleep(3)  # pictures written a moment ago are not trusted by the cache
        speeds = {"203 sprites of 24 px": speed(small, scratch / "a", arguments.peers)}
        speeds["the same at 512 px with decoder noise"] = speed(large, scratch / "b", arguments.peers)
        speeds[f"the demo {arguments.times} times over"] = at_size(scratch / "many", scratch / "c")
        for title, measured in speeds.items():
            show_speed(title, measured)
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "processor_count": os.cpu_count()}
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        record = {"at": at, **machine, "accuracy": rows, "false_alarms": alarms, "repair": repair, "speed": speeds}
        file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
