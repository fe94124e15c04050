"""What training means: F09 epochs of different length, F10 epoch counts, F11 names of files, F12 missing settings, F30 one file twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Kind
from lorascope.claims.report import Records, Report, found_at, shown
from lorascope.claims.settings import Setting, is_config, parameter_named
from lorascope.claims.vocabulary import HEDGED, epochs_in, words

_SPEED = re.compile(r"\b(?:faster|slower|sooner|earlier|quicker|later)\b", re.IGNORECASE)
_SAME_LENGTH = re.compile(
    r"\b(?:same|equal|identical)\s(?:number of\s)?(?:batch(?:es| size)?|steps|dataset|images|steps per epoch|length)\b", re.IGNORECASE
)
_STOP_AT = re.compile(r"\bstop(?:ped|ping)?\b[^.]{0,25}\bepoch\s?\d+", re.IGNORECASE)
_SAVED = re.compile(r"\b(\d{1,3})\s(?:epochs|checkpoints)\s(?:saved|trained|in total)\b|\btrained for (\d{1,3}) epochs\b", re.IGNORECASE)
_IN_FILE_EPOCH = re.compile(r"-00+(\d{1,5})\.(?:safetensors|ckpt|pt)\b")
_MEANING = {
    "lr_scheduler": "scheduler", "seed": "seed", "num_repeats": "repeats", "pretrained_model_name_or_path": "base model",
    "train_batch_size": "batch size",
}  # fmt: skip
_SAME = {"num_repeats": ("dataset_repeats",), "lr_scheduler": ("lr_scheduler_type",)}
_TRACKED = re.compile(r"\bparameters?\b", re.IGNORECASE)
_COMPLETE = re.compile(r"\b(?:total|all|every|complete|comprehensive)\b", re.IGNORECASE)
_WHOLE_CONFIG = 5  # settings: fewer are an excerpt
_DECAYING = frozenset({"cosine", "linear", "polynomial", "cosine_with_restarts"})


def epochs_as_time(report: Report) -> Iterator[Found]:
    """F09: epochs of two runs compared as if they were equally long."""
    for one in report.comparisons:
        if "epoch" in words(one.metric) and not report.says(one.document, _SAME_LENGTH):
            yield found_at(report.at(one.document, one.line), Verdict.MISLEADING, f"of epochs, not of time: {_lengths(report)}", "F09")
    compared = {(one.document, one.table) for one in report.comparisons}
    sections = {
        (table.document, table.section)
        for document in report.documents
        for table in document.tables
        if (table.document, table.line) in compared
    }
    for statement in report.statements:
        if (
            statement.kind in {Kind.ROW, Kind.CODE}
            or not _SPEED.search(statement.own)
            or not epochs_in(statement.own)
            or HEDGED.search(statement.own)
        ):
            continue
        comparing = (statement.document, statement.section) in sections or re.search(r"\b(?:than|vs|versus|compared)\b", statement.own)
        if comparing and not report.says(statement.document, _SAME_LENGTH):
            yield found_at(statement, Verdict.MISLEADING, f"epochs are no time: {_lengths(report)}", "F09")


def _lengths(report: Report) -> str:
    """What is stated of the length of an epoch."""
    images = sorted({float(one.value) for one in report.settings if one.name == "num_images" and isinstance(one.value, float)})
    batches = sorted(
        {
            float(one.value)
            for one in report.settings
            if one.name == "train_batch_size" and one.place == "config" and isinstance(one.value, float)
        }
    )
    steps = sorted({float(one.value) for one in report.settings if one.name == "steps_per_epoch" and isinstance(one.value, float)})
    stated = [f"{shown(value)} steps per epoch" for value in steps]
    stated += [
        f"batch {shown(value)} makes {-(-int(images[0]) // int(value))} steps of {shown(images[0])} images"
        for value in batches
        if images and value >= 1
    ]
    stated += [f"batch {shown(value)}" for value in batches if not images]
    return f"stated are {' and '.join(stated)}" if len(stated) > 1 else "steps per epoch are not stated for both runs"


def epoch_counts(report: Report) -> Iterator[Found]:
    """F10: configuration, sentences and table disagree on how many epochs there were."""
    for document in report.documents:
        name = document.name
        table = next(
            (one for one in report.curves_of(name) if one.kind in {"epoch", "checkpoint"} and one.points[0].label in {"0", "1"}), None
        )
        if table is None:
            continue
        numbered = [int(point.label) for point in table.points if point.label.isdecimal()]
        final = any(point.label == "final" for point in table.points)
        total = max(numbered) + final
        how = (
            f"the table has {min(numbered)} to "
            f"{max(numbered)}{' and a final file, which is saved after the last numbered one' if final else ''}: {total} epochs"
        )
        for change in report.changes:
            if change.document == name and change.name == "max_train_epochs" and change.after not in {None, float(total)}:
                yield found_at(
                    report.at(name, change.line), Verdict.INCONSISTENT, f"{shown(change.after or 0)} epochs are stated; {how}", "F10"
                )
        for setting in report.settings:
            if (
                (setting.document, setting.name, setting.place) == (name, "max_train_epochs", "config")
                and isinstance(setting.value, float)
                and setting.value != total
            ):
                statement = report.at(name, setting.line)
                at = found_at(statement, Verdict.INCONSISTENT, f"the configuration says {shown(setting.value)}; {how}", "F10")
                yield _worded(at, setting.text)
        for statement in document.statements:
            match = _SAVED.search(statement.own)
            if match and statement.kind is not Kind.ROW and int(match[1] or match[2]) not in {total, len(table.points), len(numbered)}:
                yield found_at(statement, Verdict.INCONSISTENT, f"{match[1] or match[2]} epochs are stated; {how}", "F10")


def _worded(found: Found, text: str) -> Found:
    """A finding in a block of code, with the words of its line."""
    return replace(found, place=replace(found.place, text=text)) if not found.place.text else found


def file_names(report: Report) -> Iterator[Found]:
    """F11: the name of a weight file says another setting, or another epoch, than the text or the configuration."""
    files: dict[tuple[str, str], list[Setting]] = {}
    for other in report.settings:
        if other.place == "file":
            files.setdefault((other.document, other.name), []).append(other)
    for one in report.settings:
        if one.place != "config":
            continue
        for other in files.get((one.document, one.name), [])[:100]:
            if other.value != one.value:
                said = f"{one.name} is {_value(one.value)} here and {_value(other.value)} in the file name {other.text} (line {other.line})"
                yield _worded(found_at(report.at(one.document, one.line), Verdict.INCONSISTENT, said, "F11"), one.text)
                break
    for statement in report.statements:
        names = _IN_FILE_EPOCH.findall(statement.raw)
        epochs = epochs_in(statement.own)
        if len(names) == 1 and len(epochs) == 1 and epochs[0][0] == epochs[0][1] and not epochs[0][2]:
            if int(names[0]) == epochs[0][0]:
                yield found_at(statement, Verdict.CONSISTENT, f"the file name says epoch {int(names[0])}")
            else:
                yield found_at(
                    statement, Verdict.INCONSISTENT, f"the file name says epoch {int(names[0])}, the text epoch {epochs[0][0]}", "F11"
                )


def _value(value: float | str) -> str:
    return shown(value) if isinstance(value, float) else value


def missing_settings(report: Report) -> Iterator[Found]:
    """F12: a configuration without what decides what it means."""
    for document in report.documents:
        stated = {one.name for one in report.settings if one.document == document.name and one.place == "config"}
        stated |= {
            name
            for one in document.statements
            if one.kind is Kind.HEADING and (name := parameter_named(one.text.split(" ")[0])) and len(document.codes) == 0
        }
        blocks = [code for code in document.codes if is_config(code, least=_WHOLE_CONFIG)]
        if not blocks:
            continue
        missing = [word for name, word in _MEANING.items() if name not in stated and not stated & set(_SAME.get(name, ()))]
        if len(missing) >= 2:
            said = f"not in it: {', '.join(missing)}"
            block = blocks[0]
            yield _worded(
                found_at(report.at(document.name, block.line), Verdict.NOT_DERIVABLE, said, "F12"),
                f"configuration ({block.language or 'code'})",
            )
            for statement in document.statements:
                if (
                    _TRACKED.search(statement.own)
                    and _COMPLETE.search(statement.own)
                    and any(number.value >= 5 for number in report.numbers(statement))
                    and len(statement.own) < 80
                ):
                    yield found_at(statement, Verdict.MISLEADING, f"{_documented(report, document.name)}; {said}", "F12")
        schedulers = [str(one.value) for one in report.settings if one.document == document.name and one.name == "lr_scheduler"]
        if not schedulers or set(schedulers) & _DECAYING:
            yield from _shortened(report, document.name, schedulers)


def _shortened(report: Report, document: str, schedulers: list[str]) -> Iterator[Found]:
    """A shorter run is recommended as if it were the beginning of the longer one."""
    said = (
        f"the scheduler is {schedulers[0] if schedulers else 'not stated'}: with a rate that decays, a run that ends there is another "
        "run, not a part of the longer one"
    )
    for statement in report.statements:
        if statement.document == document and statement.kind is not Kind.CODE and _STOP_AT.search(statement.own):
            yield found_at(statement, Verdict.MISLEADING, said, "F12")
    for setting in report.settings:
        if (setting.document, setting.name, setting.place) == (document, "max_train_epochs", "config") and _STOP_AT.search(setting.text):
            yield _worded(found_at(report.at(document, setting.line), Verdict.MISLEADING, said, "F12"), setting.text)


def _documented(report: Report, document: str) -> str:
    headed = {
        name
        for one in report.statements
        if one.document == document and one.kind is Kind.HEADING and (name := parameter_named(one.text.split(" ")[0]))
    }
    stored = {one.name for one in report.settings if one.document == document and one.place == "config"}
    return f"{len(headed)} are described, {len(stored)} are in the configuration"


def one_file_twice(report: Report) -> Iterator[Found]:
    """F30: equal weights under two names, scored differently: the difference is the noise of the measurement."""
    for run, first, second in report.records.same_weights:
        for series in report.series:
            a, b = series.find(first), series.find(second)
            if series.ordered and a and b and report.speaks_of(series, run) and a.number.value != b.number.value:
                said = (
                    f"{first} and {second} of {run} are the same weights (hash); {series.name} {shown(a.number.value)} and "
                    f"{shown(b.number.value)}: pure noise"
                )
                yield found_at(report.at(series.document, b.line), Verdict.MISLEADING, said, "F30", source="records")
    for document in report.documents:
        totals = {change.after for change in report.changes if change.document == document.name and change.name == "max_train_epochs"}
        totals |= {
            one.value
            for one in report.settings
            if one.document == document.name and one.name == "max_train_epochs" and one.place == "config" and isinstance(one.value, float)
        }
        for series in report.curves_of(document.name):
            final = series.find("final")
            last = max((int(point.label) for point in series.points if point.label.isdecimal()), default=0)
            numbered = series.find(str(last))
            if final and numbered and float(last) in totals and final.number.value != numbered.number.value:
                apart = abs(final.number.value - numbered.number.value)
                said = (
                    f"if there were {last} epochs, as stated, epoch {last} and the final file are the same weights: {series.name} "
                    f"{shown(numbered.number.value)}"
                    f" and {shown(final.number.value)} would differ by noise alone ({shown(apart)}, "
                    f"{shown(100 * apart / numbered.number.value)} %)"
                )
                yield found_at(report.at(document.name, final.line), Verdict.MISLEADING, said, "F30")
                break


_TABLE = "| Epoch | Error |\n|---|---|\n| 1 | 0.9 |\n| 2 | 0.7 |\n| 3 | 0.6 |\n| Final | 0.65 |\n"
_CONFIG = '```toml\nnetwork_dim = 16\nnetwork_alpha = 8\nlearning_rate = 1e-4\nmixed_precision = "bf16"\nresolution = 512\n{more}```\n'
_WHOLE = 'seed = 1\nnum_repeats = 5\nlr_scheduler = "constant"\npretrained_model_name_or_path = "base"\ntrain_batch_size = 2\n'
FLAGS = (
    Flag(
        id="F09",
        title="Epochs compared as if they were time",
        meaning="One run is called faster than another by its number of epochs, and their steps per epoch differ or are not stated.",
        misleads="An epoch is as long as images, repeats and batch size make it: nine epochs can be fewer steps than eight.",
        remedy="Compare optimizer steps, or hours.",
        find=epochs_as_time,
        fires=(
            Example("| Metric | A | B | Change |\n|---|---|---|---|\n| Best epoch | 9 | 8 | 11% faster |\n"),
            Example("Run B peaks at epoch 4, much faster than run A.\n"),
        ),
        silent=(Example("Run B peaks at epoch 4, earlier than run A; both have the same steps per epoch.\n"),),
    ),
    Flag(
        id="F10",
        title="Epoch counts disagree",
        meaning="The configuration, the text and the table of checkpoints give different numbers of epochs.",
        misleads="The recipe that is passed on is not the one that was run; which file is the last one cannot be told.",
        remedy="Look into the trainer's log or the metadata of the file (lorascope inspect).",
        find=epoch_counts,
        fires=(
            Example(f"{_TABLE}\n- Reduced max_epochs from 5 to 3\n"),
            Example(f"{_TABLE}\n{_CONFIG.format(more='max_train_epochs = 3' + chr(10))}"),
        ),
        silent=(Example(f"{_TABLE}\n{_CONFIG.format(more='max_train_epochs = 4' + chr(10))}"),),
    ),
    Flag(
        id="F11",
        title="A file name contradicts the configuration",
        meaning="The name of a weight file states another value of a setting, or another epoch, than the report does.",
        misleads="Either the file is not the one that was evaluated, or the configuration is not the one that made it.",
        remedy="Read the metadata inside the file: lorascope inspect.",
        find=file_names,
        fires=(
            Example(f"Weights: hat_dim32_v2.safetensors\n\n{_CONFIG.format(more='')}"),
            Example("Use epoch 8: hat-000007.safetensors\n"),
        ),
        silent=(
            Example(f"Weights: hat_dim16_v2.safetensors\n\n{_CONFIG.format(more='')}"),
            Example("Use epoch 7: hat-000007.safetensors\n"),
        ),
    ),
    Flag(
        id="F12",
        title="A setting that changes the meaning is missing",
        meaning=(
            "A configuration lacks the scheduler, batch size, repeats, seed or base model, or a run is to be cut short without "
            "knowing its scheduler."
        ),
        misleads="It cannot be repeated: steps per epoch, the learning rate at any epoch, or the starting point are unknown.",
        remedy="Keep the whole configuration; the weight file's metadata has most of it.",
        find=missing_settings,
        fires=(
            Example(_CONFIG.format(more="")),
            Example(f"{_CONFIG.format(more=_WHOLE.replace('constant', 'cosine'))}\nNext time stop at epoch 4.\n"),
        ),
        silent=(Example(f"{_CONFIG.format(more=_WHOLE)}\nNext time stop at epoch 4.\n"),),
    ),
    Flag(
        id="F30",
        title="One file under two names",
        meaning="Two checkpoints that are, or by the stated number of epochs must be, the same weights have different scores.",
        misleads="Their difference is the noise of the evaluation; smaller differences between other checkpoints mean nothing.",
        remedy="Compare the tensors' hashes (lorascope inspect), and take their difference as the noise floor.",
        find=one_file_twice,
        fires=(
            Example(f"{_TABLE}\n- Reduced max_epochs from 5 to 3\n"),
            Example(f"# Report on hat_v1\n\n{_TABLE}", Records(same_weights=(("hat_v1", "3", "final"),))),
        ),
        silent=(Example(f"{_TABLE}\n- Reduced max_epochs from 5 to 4\n"),),
    ),
)
