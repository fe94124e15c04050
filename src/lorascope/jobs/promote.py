"""Record which checkpoint ships for a purpose, with the evidence there is, and write it with a model card and inference settings.

A decision stays: a later one for the same purpose supersedes it, and says so. Weak evidence is said, not refused; only a choice that the
measurements speak clearly against needs to be insisted on.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import BadParameter, NotFound
from lorascope.evaluation.choice_words import listed, rounded
from lorascope.evaluation.purposes import find_purpose
from lorascope.jobs.pick import Pick, PickedEpoch, pick
from lorascope.jobs.pick_scores import prompts_of_run
from lorascope.jobs.write_promotion import WrittenFile, folder_taken, write_promotion
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import JsonValue
from lorascope.store import Store

RECORD = "decision"
UNLIKELY_BELOW = 0.05


@dataclass(frozen=True, slots=True)
class PromoteRequest:
    """``folder``: where the checkpoint goes. ``metric`` None: what the purpose's prompts ask for. ``insist``: even against evidence."""

    run: str
    epoch: int
    purpose: str
    folder: Path
    metric: str | None = None
    insist: bool = False


@dataclass(frozen=True, slots=True)
class Promotion:
    """What was recorded and written. ``written`` is None when the checkpoint's file is not known here."""

    decision: dict[str, JsonValue]
    evidence: Pick | None
    written: WrittenFile | None
    warnings: tuple[str, ...]


def promote(store: Store, request: PromoteRequest) -> Promotion:
    """Promote a checkpoint.

    Raises:
        NotFound: no such run, checkpoint or metric. AlreadyExists: the folder is there. MissingFile, BadFile: the checkpoint's file is
            gone, or another one. BadParameter: the purpose is empty, or the evidence is clearly against it and ``insist`` is not set.
    """
    if not request.purpose.strip():
        raise BadParameter("the purpose is empty", next_step='say what the checkpoint is for: --purpose "green backgrounds"')
    checkpoint = _checkpoint(store, request)
    folder = request.folder
    if folder.name in {"", ".."} or folder.is_symlink() or (folder.exists() and _is_recorded(store, request)):
        raise folder_taken(folder)
    evidence, about = _evidence(store, request)
    row = _row(evidence, request.epoch)
    standing = _standing(evidence, row)
    warnings = [*about, *_warnings(request, evidence, row, standing, weighed=any("cannot be weighed" in said for said in about))]
    if standing == "contradicted" and not request.insist:
        raise BadParameter(f"the evidence speaks against epoch {request.epoch}: {warnings[-1]}", next_step="record it all the same: --yes")
    decision = _decision(request, checkpoint, evidence, row, standing, warnings)
    written, notes = write_promotion(store, checkpoint, decision, evidence, request.folder)
    with ExitStack() as undo:
        if written is not None:
            undo.callback(written.undo)
        decision = _record(store, decision)
        undo.pop_all()
    if decision["supersedes"] is not None:
        warnings.append(f"It supersedes decision {decision['supersedes']} for the same purpose, which stays recorded.")
    return Promotion(decision, evidence, written, (*warnings, *notes))


def decisions(store: Store, run: str | None = None) -> tuple[dict[str, JsonValue], ...]:
    """All decisions in the order they were made, each with ``superseded_by`` (a later decision's number, or None)."""
    kept = store.foreign_records(RECORD, run)
    later: dict[tuple[str, str], JsonValue] = {}
    for record in kept:
        if record.get("supersedes") is not None:
            later[str(record.get("run")), str(record.get("supersedes"))] = record.get("number")
    return tuple({**record, "superseded_by": later.get((str(record.get("run")), str(record.get("number"))))} for record in kept)


def _checkpoint(store: Store, request: PromoteRequest) -> Checkpoint:
    saved = {checkpoint.epoch: checkpoint for checkpoint in store.checkpoints(request.run)}
    if request.epoch in saved:
        return saved[request.epoch]
    scored = {score.epoch for score in store.scores(request.run)}
    if request.epoch in scored and request.epoch != 0:
        return Checkpoint(request.run, request.epoch)
    names = ", ".join(map(str, sorted({*saved, *scored} - {0}))) or "none"
    raise NotFound(f"run {request.run} has no checkpoint of epoch {request.epoch}", next_step=f"it has {names}")


def _is_recorded(store: Store, request: PromoteRequest) -> bool:
    """Whether this decision was made before: a folder that is there is then the one that belongs to it, not one left by a kill."""
    made = store.foreign_records(RECORD, request.run)
    return any(one.get("epoch") == request.epoch and _same(one.get("purpose")) == _same(request.purpose) for one in made)


def _evidence(store: Store, request: PromoteRequest) -> tuple[Pick | None, list[str]]:
    """The choice for the purpose, or over all prompts where none asks for it; None where nothing was measured."""
    scores = store.scores(request.run)
    if not any(score.value is not None and score.epoch != 0 for score in scores) and request.metric is None:
        return None, []
    known = prompts_of_run(store, request.run, {score.prompt for score in scores})
    found = find_purpose(request.purpose, known)
    about = [] if found else [f"No prompt of the evaluation asks for {request.purpose!r}: judged over all prompts."]
    try:
        return pick(store, request.run, request.metric, purpose=request.purpose if found else None), about
    except BadParameter as error:
        if request.metric is not None:
            raise
        return None, [f"The evidence cannot be weighed: {error.message}."]


def _row(evidence: Pick | None, epoch: int) -> PickedEpoch | None:
    rows = evidence.checkpoints if evidence else ()
    return next((row for row in rows if epoch == row.measured.epoch or epoch in row.same_as), None)


def _standing(evidence: Pick | None, row: PickedEpoch | None) -> str:
    """none, undecided, supported, or contradicted: outside the 90 % set, improbable, and not as good as the best either."""
    if evidence is None or row is None or row.p_best is None or evidence.leader is None:
        return "none"
    if evidence.best is not None and evidence.best.epoch == row.measured.epoch:
        return "supported"
    apart = {evidence.leader.epoch, *evidence.cannot_tell}
    near = row.shrunk is not None and abs(row.shrunk - evidence.leader.shrunk) <= evidence.tolerance
    differs = evidence.p_value is not None and evidence.p_value < 0.05
    if row.measured.epoch not in apart and row.p_best < UNLIKELY_BELOW and not near and differs:
        return "contradicted"
    return "undecided"


def _warnings(request: PromoteRequest, evidence: Pick | None, row: PickedEpoch | None, standing: str, *, weighed: bool) -> list[str]:
    if evidence is None and weighed:
        return [
            f"The evidence says nothing about which checkpoint is best: name what to judge by (lorascope promote {request.run} --metric)."
        ]
    if evidence is None or row is None:
        return [f"Nothing was measured of epoch {request.epoch}: this decision rests on no evidence (lorascope evaluate {request.run})."]
    said = f"on {evidence.metric}, {evidence.prompts} prompts x {evidence.seeds}"
    if standing == "none":
        return [f"The evidence says nothing about which checkpoint is best ({said})."]
    leader = evidence.leader
    assert leader is not None
    if standing == "contradicted":
        return [f"it is the best with a probability of {row.p_best:.2f}, epoch {leader.epoch} with {leader.p_best:.2f} ({said})"]
    if standing == "undecided":
        apart = f"{listed(evidence.cannot_tell)} cannot be told apart" if evidence.cannot_tell else f"epoch {leader.epoch} leads"
        return [f"Undecided: epoch {request.epoch} is the best with a probability of {row.p_best:.2f} ({said}); {apart}."]
    return []


def _decision(
    request: PromoteRequest, checkpoint: Checkpoint, evidence: Pick | None, row: PickedEpoch | None, standing: str, warnings: list[str]
) -> dict[str, JsonValue]:  # fmt: skip
    others = [one for one in evidence.checkpoints if one is not row and one.p_best is not None] if evidence else []
    second = min(others, key=lambda one: (-(one.p_best or 0.0), one.measured.epoch), default=None)
    return {
        "type": RECORD, "run": request.run, "epoch": request.epoch, "purpose": request.purpose, "evidence": standing,
        "metric": evidence.metric if evidence else None, "unit": evidence.unit if evidence else None,
        "direction": str(evidence.direction) if evidence else None,
        "p_best": rounded(row.p_best) if row else None, "mean": rounded(row.measured.mean) if row else None,
        "low": rounded(row.measured.low) if row else None, "high": rounded(row.measured.high) if row else None,
        "shrunk": rounded(row.shrunk) if row else None, "n": row.measured.images if row else 0,
        "prompts": evidence.prompts if evidence else 0, "seeds": evidence.seeds if evidence else 0,
        "judged_on": list(evidence.purpose.prompts) if evidence and evidence.purpose else None,
        "cannot_tell": list(evidence.cannot_tell) if evidence else [],
        "alternative": {"epoch": second.measured.epoch, "p_best": rounded(second.p_best)} if second else None,
        "insisted": request.insist and standing == "contradicted", "warnings": list(warnings), "file": None,
        "digest": checkpoint.digest, "tensor_hash": checkpoint.tensor_hash, "at": round(time.time(), 3),
    }  # fmt: skip


def _record(store: Store, decision: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Keep the decision, numbered within its run; what it supersedes is the last one of the same purpose."""
    with store.transaction():
        before = store.foreign_records(RECORD, str(decision["run"]))
        purpose = _same(decision["purpose"])
        earlier = [record.get("number") for record in before if _same(record.get("purpose")) == purpose]
        numbers = [number for record in before if isinstance(number := record.get("number"), int)]
        numbered = {**decision, "number": max(numbers, default=0) + 1, "supersedes": earlier[-1] if earlier else None}
        store.keep_foreign([(numbered, 0)])
    return numbered


def _same(purpose: object) -> str:
    return " ".join(str(purpose).lower().split())


def answer(promotion: Promotion) -> dict[str, JsonValue]:
    """The promotion as JSON: format 1."""
    written = promotion.written
    return {
        "format": 1, "decision": promotion.decision, "folder": str(written.folder) if written else None,
        "files": list(written.files) if written else [], "notes": list(promotion.warnings),
    }  # fmt: skip
