"""Protocol and hashes: what is known exactly, or not at all."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind, Fact
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, runs_of, value_text
from lorascope.records.history import PastRun
from lorascope.records.run import ParameterValue

_PROVEN, _EXCLUDED = 6.0, -5.0
_ALIKE = 0.05  # share of a metric by which the same file may be measured differently
_OTHER_CLASS, _SAME_CLASS = 4.0, -2.5  # prompts and versions are a part of the protocol: sampler and guidance may differ still
_EVALUATION = ("eval_", "evaluation_")


def weigh_records(case: Case, cause: CauseKind) -> Said:
    """A protocol that differs, or a file that is not the run's own, is nearly proof; equal ones exclude the cause."""
    if Fact.PROTOCOL in cause.facts:
        return _protocol(case)
    return _file(case) if Fact.FILE in cause.facts else SILENT


def protocol_of(run: PastRun) -> dict[str, ParameterValue]:
    """How a run was evaluated, as far as it is recorded, in its protocol or among its parameters."""
    stated = {name: value for name, value in run.settings.items() if name.startswith(_EVALUATION)}
    return {name: value for name, value in sorted({**stated, **run.protocol}.items()) if value is not None}


def _protocol(case: Case) -> Said:
    mine = protocol_of(case.run)
    known = [(run, protocol_of(run)) for run in case.good]
    usual = _usual([protocol for _, protocol in known])
    shared = sorted(set(mine) & set(usual))
    if not shared:
        return _classes(case)
    differing = [name for name in shared if not _equal(mine[name], usual[name][0])]
    if differing:
        count = min(usual[name][1] for name in differing)
        parts = ", ".join(f"{name} {value_text(usual[name][0])} -> {value_text(mine[name])}" for name in differing[:3])
        as_well = sum(all(_equal(protocol.get(name), mine[name]) for name in differing) for _, protocol in known)
        if as_well:
            cons = (f"{runs_of(as_well)} of {len(known)} were evaluated in the same way",)
            return Said(_PROVEN / (1 + as_well), pros=(f"evaluated differently from {runs_of(count)}: {parts}",), cons=cons)
        return Said(_PROVEN, pros=(f"evaluated differently from {runs_of(count)}: {parts}",))
    return Said(_EXCLUDED, cons=(f"evaluated as the good runs were ({', '.join(shared[:4])} equal)",))


def _classes(case: Case) -> Said:
    """Where no protocol is recorded: whether the numbers were made with the same prompts and versions of the metrics."""
    theirs = case.reference.classes if case.reference is not None else {}
    shared = [metric for metric, of_run in sorted(case.run.classes.items()) if of_run and theirs.get(metric) and metric in case.metrics]
    if case.reference is None or not shared:
        return SILENT
    other = [metric for metric in shared if case.run.classes[metric] != theirs[metric]]
    if not other:
        words = f"measured with the same prompts and the same versions of the metrics as good run {case.reference.name}"
        return Said(_SAME_CLASS, cons=(words,))
    named = ", ".join(other[:3]) + (" ..." if len(other) > 3 else "")
    words = f"{named}: measured with other prompts or another version of the metric than in good run {case.reference.name}"
    return Said(_OTHER_CLASS * len(other) / len(shared), pros=(words,))


def _usual(protocols: list[dict[str, ParameterValue]]) -> dict[str, tuple[ParameterValue, int]]:
    """Of every recorded item the value that most good runs have, and how many."""
    counts: dict[str, Counter[str]] = {}
    values: dict[tuple[str, str], ParameterValue] = {}
    for protocol in protocols:
        for name, value in protocol.items():
            counts.setdefault(name, Counter())[str(value)] += 1
            values[name, str(value)] = value
    found = {}
    for name, counter in counts.items():
        text, count = min(counter.items(), key=lambda item: (-item[1], item[0]))
        found[name] = (values[name, text], count)
    return found


def _equal(one: ParameterValue, other: ParameterValue) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return str(one).strip().lower() == str(other).strip().lower()


def _file(case: Case) -> Said:
    mine, hashes = case.run.tensor_hashes, case.run.hashes
    for name, value in sorted(hashes.items()):
        if isinstance(value, bool | int | float):  # "hash_matches": true, "hash_mismatch": 0
            fits = bool(value) is not any(word in name for word in ("mismatch", "differ", "wrong"))
            words = f"its record says {name.partition(':')[2]} = {value_text(value)}"
            return Said(_EXCLUDED, cons=(words,)) if fits else Said(_PROVEN, pros=(words,))
    evaluated = sorted({str(value) for name, value in hashes.items() if name.startswith("evaluated:")})
    trained = sorted({str(value) for name, value in hashes.items() if name.startswith("trained:")} | set(mine.values()))
    for digest in evaluated:
        if any(_same_hash(digest, own) for own in trained):
            return Said(_EXCLUDED, cons=(f"the evaluated file has the hash of the run's own ({digest[:12]})",))
        if (owner := _owner(case, digest)) is not None:
            return Said(_PROVEN, pros=(f"the evaluated file ({digest[:12]}) is that of {owner}",))
        if trained:
            return Said(_PROVEN, pros=(f"the evaluated file's hash {digest[:12]} is none of the run's own ({trained[0][:12]})",))
    for digest in sorted({*mine.values(), *trained}):
        if (owner := _owner(case, digest)) is not None:
            return Said(_PROVEN, pros=(f"a checkpoint of this run holds the tensors of {owner} (hash {digest[:12]})",))
    return _own_tensors(mine)


def _own_tensors(mine: Mapping[int, str]) -> Said:
    """Whether a run's checkpoints are different files."""
    if len(mine) > 1 and len(set(mine.values())) < len(mine):
        count = len(mine) - len(set(mine.values())) + 1
        return Said(_PROVEN, pros=(f"{count} checkpoints of different epochs hold the same tensors (hash {mine[max(mine)][:12]})",))
    if mine:
        known = f"the tensor hash{'es of its ' + str(len(mine)) + ' checkpoints are' if len(mine) > 1 else ' of its checkpoint is'}"
        return Said(_EXCLUDED * 0.8, cons=(f"{known} found in no other run",))
    return SILENT


def _owner(case: Case, digest: str) -> str | None:
    """Another run that has a file of this hash; the same training under another name is no other run."""
    for other in case.others:
        if _recorded_twice(case.run, other):
            continue
        for epoch, theirs in sorted(other.tensor_hashes.items()):
            if _same_hash(theirs, digest):
                return f"run {other.name}, checkpoint {epoch}"
        if any(name.startswith("trained:") and _same_hash(str(value), digest) for name, value in other.hashes.items()):
            return f"run {other.name}"
    return None


def _recorded_twice(one: PastRun, other: PastRun) -> bool:
    """Whether two runs are one training under two names: the same files at the same checkpoints, the same settings, the same outcome."""
    shared, metrics = set(one.tensor_hashes) & set(other.tensor_hashes), set(one.outcomes) & set(other.outcomes)
    return (
        bool(shared)
        and one.settings == other.settings
        and all(one.tensor_hashes[at] == other.tensor_hashes[at] for at in shared)
        and all(math.isclose(one.outcomes[name].value, other.outcomes[name].value, rel_tol=_ALIKE) for name in metrics)
    )


def _same_hash(one: str, other: str) -> bool:
    """Whether two hashes are one: some are cut off, but not below 6 digits."""
    shorter, longer = sorted((one.lower(), other.lower()), key=len)
    return longer.startswith(shorter) if len(shorter) >= 6 else shorter == longer


CHANNEL = Channel("records", "hashes and protocol", weigh_records)
