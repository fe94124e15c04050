"""What is said beside the numbers of an impact analysis: how much the runs can carry, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lorascope.analysis.replicates import Replicates
from lorascope.analysis.table import Table
from lorascope.records.effect import Claim, Effect, EffectSet

FEW_SETTINGS = 10  # a training has some 45


def impact_notes(
    table: Table,
    effects: Sequence[Effect],
    sets: Sequence[EffectSet],
    replicates: Replicates | None,
    *,
    direction: str | None,
    missing: int,
) -> tuple[str, ...]:
    """Sentences for the reader, the most important first."""
    notes = [*_how_much(table), *_about_noise(replicates, table), *_about_claims(effects, sets)]
    if direction not in {"higher", "lower"} and table.runs:
        notes.append(
            f"Which way {table.metric} is better is not known, so the highest run counts as the best: say --direction lower|higher."
        )
    if missing:
        were = "run has" if missing == 1 else "runs have"
        notes.append(f"{missing} {were} no number of {table.metric}.")
    reasons = Counter(table.left_out.values())
    notes += [f"{count} {'run' if count == 1 else 'runs'} left out: {reason}." for reason, count in sorted(reasons.items())]
    return (*notes, *table.notes)


def _how_much(table: Table) -> list[str]:
    found = _how_many(table)
    if table.settings < FEW_SETTINGS and len(table.runs) > 1:
        found.append(f"Half of the runs state {table.settings} settings or fewer: what else differed between them is not known.")
    return found


def _how_many(table: Table) -> list[str]:
    count, metric = len(table.runs), table.metric
    if count == 0:
        return [f"No run has a number of {metric}: lorascope evaluate RUN measures one, lorascope import brings yours."]
    if count == 1:
        return [f"One run has {metric}: nothing to compare it with. Change one setting and run again."]
    if float(abs(table.centered).max()) == 0:
        return [f"{metric} is the same in all {count} runs: no setting can be seen to move it."]
    if not table.blocks:
        return [f"No setting varies among the {count} runs that have {metric}: change one setting and run again."]
    if count < 12:
        return [f"Exploratory: {count} runs carry no claim about a setting unless two of them differ in it alone. Read it as a ranking."]
    return []


def _about_noise(replicates: Replicates | None, table: Table) -> list[str]:
    if len(table.runs) < 2:
        return []
    if replicates is None:
        return [
            "No two runs are equal in everything but the seed: how far chance alone moves a run is not known. One repetition would say."
        ]
    groups = "group" if len(replicates.groups) == 1 else "groups"
    grounds = f"{len(replicates.groups)} {groups} of replicates, {replicates.df} degrees of freedom"
    return [f"Chance moves a run by {replicates.sd:.4g} (standard deviation; {grounds})."]


def _about_claims(effects: Sequence[Effect], sets: Sequence[EffectSet]) -> list[str]:
    if not any(effect.claim is not Claim.CONSTANT for effect in effects):
        return []
    notes = [
        "Association is one setting at a time: a setting that changed together with the real cause has it too. Probability allows for that."
    ]
    if not any(effect.claim is Claim.MATTERS for effect in effects) and not any(one.kind == "credible" for one in sets):
        notes.insert(0, "Nothing can be said to matter yet: a set names the run that would say more (lorascope next weighs them).")
    pairs = sum(effect.matched.count for effect in effects)
    if pairs == 0:
        return [*notes, "No two runs differ in one setting alone; such a pair would be the plainest evidence there is."]
    return [*notes, f"{pairs} {'pair' if pairs == 1 else 'pairs'} of runs differ in one setting alone: the plainest evidence there is."]
