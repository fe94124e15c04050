"""Write a promoted checkpoint: a verified copy, a model card, recommended inference settings and sample pictures; all or nothing."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lorascope.captions.trigger_words import trigger_words
from lorascope.errors import AlreadyExists, BadFile, BadParameter, MissingFile, NotFound
from lorascope.evaluation.choice_words import number
from lorascope.evaluation.summary import summarize
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.pick import Pick
from lorascope.jobs.pick_scores import prompts_of_run
from lorascope.jobs.read_notes import read_notes
from lorascope.jobs.settle import settle
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.prompt import Prompt, PromptSuite
from lorascope.records.run import JsonValue, ParameterValue, Run
from lorascope.records.sample import Sample
from lorascope.reports.model_card import Card, CardMetric, CardSample, model_card
from lorascope.store import Store

MOST_SAMPLES = 4
CARD, INFERENCE = "README.md", "inference.json"
_WEIGHT_KEYS = ("lora_weight", "weight", "lora_strength", "strength", "network_multiplier", "lora_scale")
_OTHER_KIND = (
    "{} does not begin as a safetensors file does: it was copied as it is. Other kinds (ckpt, pt) can run code when they are loaded: look "
    "what it is before you publish it."
)
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """The folder that was written, and the names in it. ``found``: it was there, left whole by a promotion that was interrupted."""

    folder: Path
    files: tuple[str, ...]
    found: bool = False

    def undo(self) -> None:
        """Take the folder away again: its decision could not be recorded."""
        if not self.found:
            shutil.rmtree(self.folder)


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the card is written from."""

    run: Run
    dataset: Dataset | None
    suite: PromptSuite | None
    prompts: Mapping[str, Prompt]
    protocol: Mapping[str, ParameterValue]
    samples: Sequence[Sample]
    trigger: str | None


def write_promotion(
    store: Store, checkpoint: Checkpoint, decision: dict[str, JsonValue], evidence: Pick | None, folder: Path
) -> tuple[WrittenFile | None, tuple[str, ...]]:
    """Write everything beside ``folder`` first, then give it its name. Completes ``decision`` with the file's name and digest.

    Without a known file only the decision is made; the notes say so. A folder that is there already is taken as it is where every byte in
    it is what would be written: a promotion killed before its decision was recorded leaves one.

    Raises:
        MissingFile: the checkpoint's file is gone. BadFile: it is not the one that was recorded, or its copy is not. AlreadyExists: the
            folder is there and holds something else.
    """
    there = folder.exists()
    if there and (checkpoint.file is None or not all((folder / name).is_file() for name in (CARD, INFERENCE))):
        raise folder_taken(folder)
    if checkpoint.file is None:
        return None, (f"The file of epoch {checkpoint.epoch} is not known here: the decision is recorded, no checkpoint was written.",)
    source = Path(checkpoint.file)
    if not source.is_file():
        raise MissingFile(
            f"the file of epoch {checkpoint.epoch} of run {checkpoint.run} is gone", where=str(source), next_step="put it back"
        )
    draft = _draft(folder)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, draft, ignore_errors=True)
        name = f"{_safe(checkpoint.run)}-epoch{checkpoint.epoch}.{_safe(source.suffix) if source.suffix else 'safetensors'}"
        decision["digest"] = _copied(source, draft / name, checkpoint)
        decision["file"] = name
        sources = _sources(store, checkpoint, evidence)
        samples = _write_samples(store, sources, draft)
        settings = _inference(sources, name)
        (draft / INFERENCE).write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (draft / CARD).write_text(model_card(_card(store, sources, decision, evidence, samples, settings)), "utf-8")
        files = tuple(sorted(str(path.relative_to(draft)) for path in draft.rglob("*") if path.is_file()))
        if there and not _alike(draft, folder):
            raise folder_taken(folder)
        if not there:
            draft.chmod(0o755)
            settle([*(draft / one for one in files), draft])
            draft.rename(folder)
            undo.pop_all()
    return WrittenFile(folder, files, there), () if _is_safetensors(folder / name) else (_OTHER_KIND.format(name),)


def folder_taken(folder: Path) -> AlreadyExists:
    """The error that says that a folder is never written over."""
    return AlreadyExists(f"{folder} is there already", next_step="name another folder: --out DIR; nothing was recorded")


def _alike(first: Path, second: Path) -> bool:
    """Whether two folders hold the same names with the same bytes."""
    names, others = ({str(path.relative_to(folder)) for path in folder.rglob("*")} for folder in (first, second))
    files = [name for name in names if (first / name).is_file()]
    return names == others and all((second / one).is_file() and file_digest(first / one) == file_digest(second / one) for one in files)


def _draft(folder: Path) -> Path:
    """A new folder beside the one to be written. Raises BadParameter where there can be none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{folder.name[:60]}.", dir=folder.parent))
    except (FileExistsError, FileNotFoundError, NotADirectoryError) as error:
        raise BadParameter(
            f"no folder can be made in {folder.parent}: {error.strerror}", next_step="name another folder: --out DIR; nothing was recorded"
        ) from error


def _is_safetensors(file: Path) -> bool:
    """Whether a file begins as such files do: the length of a header, and the header, which is a JSON object."""
    with file.open("rb") as opened:
        head = opened.read(9)
    return len(head) == 9 and head[8:] == b"{" and int.from_bytes(head[:8], "little") <= file.stat().st_size - 8


def _copied(source: Path, target: Path, checkpoint: Checkpoint) -> str:
    """Copy the file; returns its digest, which must be the recorded one."""
    shutil.copyfile(source, target)
    digest = file_digest(target)
    if checkpoint.digest is not None and digest != checkpoint.digest:
        raise BadFile(
            f"the file of epoch {checkpoint.epoch} of run {checkpoint.run} is not the one that was recorded", where=str(source),
            next_step="put that one back, or import the run again",
        )  # fmt: skip
    if checkpoint.digest is None and digest != file_digest(source):
        raise BadFile("the file changed while it was copied", where=str(source), next_step="try again when nothing writes to it")
    return digest


def _sources(store: Store, checkpoint: Checkpoint, evidence: Pick | None) -> _Sources:
    run = store.run(checkpoint.run)
    dataset = next((dataset for dataset in store.datasets() if dataset.digest == run.dataset_digest), None)
    samples = store.samples(run.name, checkpoint.epoch)
    prompts = {prompt.name: prompt for prompt in prompts_of_run(store, run.name, {score.prompt for score in store.scores(run.name)})}
    of_purpose = set(evidence.purpose.prompts) if evidence and evidence.purpose else set(prompts)
    suite = None
    drawn_for = sorted({str(sample.extra["suite"]) for sample in samples if "suite" in sample.extra})
    if len(drawn_for) == 1:
        suite = next((one for one in store.suites() if one.name == drawn_for[0]), None)
    elif prompts:
        suite = next((one for one in store.suites() if set(prompts) <= {prompt.name for prompt in one.prompts}), None)
    captions = [item.caption for item in dataset.items if item.caption] if dataset else []
    kept = [sample for sample in samples if sample.prompt in of_purpose]
    return _Sources(run, dataset, suite, prompts, read_notes(store, [run]).protocols.get(run.name, {}), kept, trigger_words(captions))


def _write_samples(store: Store, sources: _Sources, draft: Path) -> tuple[CardSample, ...]:
    """The first picture of each of the first prompts: not the most beautiful ones."""
    first: dict[str, Sample] = {}
    for sample in sources.samples:
        first.setdefault(sample.prompt, sample)
    written: list[CardSample] = []
    for name, sample in sorted(first.items())[:MOST_SAMPLES]:
        try:
            source = store.blob_path(sample.image_digest)
        except NotFound:
            continue
        file = f"samples/{len(written) + 1}-{_safe(name)}.png"
        (draft / "samples").mkdir(exist_ok=True)
        shutil.copyfile(source, draft / file)
        text = sources.prompts[name].text if name in sources.prompts else name
        written.append(CardSample(file, text, sample.seed))
    return tuple(written)


def _inference(sources: _Sources, file: str) -> dict[str, JsonValue]:
    """What the checkpoint was measured with; what was not recorded is null and named in ``notes``."""
    suite, protocol, notes = sources.suite, sources.protocol, []
    weight = next((value for key in _WEIGHT_KEYS if isinstance(value := protocol.get(key), int | float)), None)
    if weight is None and sources.run.trainer == "toy" and sources.samples:
        weight = 1.0  # our own renderer applies a LoRA in full
    said: dict[str, JsonValue] = {
        "weight": weight,
        "sampler": _text(protocol.get("sampler")),
        "steps": protocol.get("steps", suite.steps if suite else None),
        "guidance": protocol.get("guidance", suite.guidance if suite else None),
        "width": protocol.get("width", suite.width_px if suite else None),
        "height": protocol.get("height", suite.height_px if suite else None),
        "negative_prompt": protocol.get("negative", suite.negative if suite else None),
        "trigger_words": sources.trigger,
    }
    texts = sorted({sources.prompts[sample.prompt].text for sample in sources.samples if sample.prompt in sources.prompts})
    texts = texts or sorted(prompt.text for prompt in sources.prompts.values())
    missing = [name for name, value in said.items() if value is None]
    if missing:
        notes.append(f"Not recorded, so nothing is recommended: {', '.join(missing)}.")
    if weight is not None:
        notes.append(f"Only weight {weight:g} was measured: others may be better or worse.")
    if sources.trigger and texts and not all(text.startswith(sources.trigger) for text in texts):
        notes.append("Not all measured prompts begin with the trigger words, as the captions do.")
    template = f"{sources.trigger}, …" if sources.trigger and texts and all(text.startswith(sources.trigger) for text in texts) else None
    return {
        "format": 1, "file": file, "base_model": sources.run.base_model, **said, "prompt_template": template,
        "measured_prompts": list(texts[:8]), "seeds": list(suite.seeds) if suite else [], "notes": list(notes),
    }  # fmt: skip


def _text(value: ParameterValue) -> str | None:
    return value if isinstance(value, str) else None


def _card(
    store: Store, sources: _Sources, decision: Mapping[str, JsonValue], evidence: Pick | None, samples: tuple[CardSample, ...],
    inference: Mapping[str, JsonValue],
) -> Card:  # fmt: skip
    run, epoch = sources.run, decision["epoch"]
    assert isinstance(epoch, int)
    measured = [one for one in summarize(score for score in store.scores(run.name) if score.epoch == epoch) if one.mean is not None]
    metrics = [CardMetric(m.metric, m.unit, m.mean, m.low, m.high, m.prompts, m.images) for m in measured if m.mean is not None]
    data = sources.dataset
    about = f"{data.name}: {len(data.items)} images, {data.captions} captions" if data else "dataset: not recorded"
    warnings = decision["warnings"]
    limits = [str(one) for one in warnings] if isinstance(warnings, list) else []
    limits.append("Intervals are 95 %, over prompts; another training with the same settings would come out differently.")
    if evidence is not None and evidence.leader is not None:
        limits.append("Values of a checkpoint that was chosen by them flatter it: measure it on fresh prompts before quoting them.")
    used = [f"{name.replace('_', ' ')}: {value}" for name, value in inference.items() if name in _SHOWN and value is not None]
    notes = inference["notes"]
    return Card(
        run=run.name, epoch=epoch, purpose=str(decision["purpose"]), file=str(decision["file"]), digest=str(decision["digest"]),
        base_model=run.base_model, trainer=run.trainer, trigger=sources.trigger, dataset=about, settings=dict(run.parameters),
        metrics=metrics, decision=_why(decision), limits=limits, inference=[*used, *(map(str, notes) if isinstance(notes, list) else ())],
        samples=samples,
    )  # fmt: skip


_SHOWN = ("weight", "sampler", "steps", "guidance", "width", "height", "negative_prompt", "trigger_words", "prompt_template")


def _why(decision: Mapping[str, JsonValue]) -> list[str]:
    """The evidence in sentences."""
    if decision["p_best"] is None:
        return ["chosen without measurements that compare checkpoints"]
    by = f"by {decision['metric']} ({decision['direction']} is better), n = {decision['n']} images of this checkpoint"
    lines = [
        f"best of the run's checkpoints with a probability of {_share(decision['p_best'])}, {by}",
        f"measured {_level(decision['mean'])}; shrunk for being picked out of several, {_level(decision['shrunk'])} is the better estimate",
    ]
    apart, other = decision["cannot_tell"], decision["alternative"]
    if isinstance(apart, list) and apart:
        lines.append(f"epochs {', '.join(map(str, apart))} cannot be told apart")
    if isinstance(other, dict):
        lines.append(f"the alternative: epoch {other['epoch']}, with a probability of {_share(other['p_best'])}")
    return lines


def _share(value: JsonValue) -> str:
    """A probability of one of 4,000 draws: two places, as in the table of ``pick``."""
    return f"{value:.2f}" if isinstance(value, int | float) else "unknown"


def _level(value: JsonValue) -> str:
    return number(value) if isinstance(value, int | float) else "unknown"


def _safe(name: str) -> str:
    return _SAFE.sub("_", name).strip("._")[:80] or "lora"
