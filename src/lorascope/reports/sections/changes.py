"""Which settings matter over all runs, and which cannot be told apart."""

from __future__ import annotations

from lorascope.records.effect import Claim, Effect, EffectSet, Impact
from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry
from lorascope.reports.section import Part, Section, Sentence, SourcedTable, missing
from lorascope.reports.source import Source, command
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import NOTHING, counted, interval, listed, number, p_value, probability, unit_shown, value_shown, visible

SHOWN = 8
EXPLAINED = (
    "Effect: the change of the metric from the lowest to the highest level seen. Association: the share of rank variance that goes "
    "with the setting, unadjusted, not a cause. Pairs: pairs of runs that differ in this setting alone."
)


def changes(_: Evidence, inquiry: Inquiry) -> Section:
    """What changed in the run, seen over all runs."""
    return Section("changes", "Settings", "Which settings matter", tuple(impact_parts(inquiry.impact, inquiry)))


def impact_parts(found: Impact | None, inquiry: Inquiry) -> list[Part]:
    """The sentences and tables of an impact analysis; the settings that changed since the parent first."""
    if found is None:
        return [missing("changes", inquiry.missing.get("changes", "No analysis of settings was computed: lorascope impact METRIC"))]
    n = counted(found.runs, "run")
    source = Source("impact", "all runs", found.metric, "probability that a setting matters", n, "", command("impact", found.metric))
    said: list[Part] = [Sentence(_lead(found, n), source)]
    claimed = [effect for effect in found.effects if effect.claim is not Claim.CONSTANT]
    ranked = sorted(claimed, key=lambda effect: (effect.name not in inquiry.changed, -(effect.probability or 0), effect.name))[:SHOWN]
    if ranked:
        said.append(SourcedTable(_table(found, ranked, set(inquiry.changed), len(claimed)), source))
    told = [one for one in found.sets if len(one.members) > 1 or one.splitting_run]  # a setting alone stands in the table
    said += [Sentence(_set(one), source, "point") for one in told[:SHOWN]]
    constant = sum(effect.claim is Claim.CONSTANT for effect in found.effects)
    if constant:
        said.append(Sentence(f"{counted(constant, 'setting')} never varied: nothing can be said of them.", source))
    said += [Sentence(visible(note), source) for note in found.notes]
    return said


def _lead(found: Impact, n: str) -> str:
    matters = [visible(effect.name) for effect in found.effects if effect.claim is Claim.MATTERS]
    if found.exploratory or not matters:
        why = "too few to name a cause; what follows is a ranking to test" if found.exploratory else "no setting is shown to matter"
        return f"Over {n}: {why}."
    return f"Over {n}: {listed(matters)} {'matters' if len(matters) == 1 else 'matter'}."


def _table(found: Impact, ranked: list[Effect], changed: set[str], total: int) -> Table:
    unit = unit_shown(found.unit)
    columns = (
        *text_columns("setting"), Column("P(matters)"), Column("effect", unit), Column("95 % interval", unit), Column("association"),
        Column("q"), Column("pairs"), *text_columns("verdict", "cannot be told from"),
    )  # fmt: skip
    rows = tuple(_row(effect, found.unit, marked=effect.name in changed) for effect in ranked)
    notes = [
        EXPLAINED,
    ]
    if changed:
        notes.insert(0, "Marked: changed since the parent.")
    if total > len(rows):
        notes.append(f"{total - len(rows)} more are listed by {command('impact', found.metric)}.")
    return Table(f"Settings and {visible(found.metric)}", columns, rows, tuple(notes))


def _row(effect: Effect, unit: str, *, marked: bool) -> Row:
    aliases = ", ".join(map(visible, effect.aliased_with[:4])) + (" …" if len(effect.aliased_with) > 4 else "")
    cells = (
        visible(effect.name), probability(effect.probability), number(effect.estimate, unit), interval(effect.low, effect.high, unit),
        number(effect.association), p_value(effect.q_value), str(len(effect.matched.pairs)), str(effect.claim), aliases or NOTHING,
    )  # fmt: skip
    return Row(cells, marked=marked)


def _set(one: EffectSet) -> str:
    members = listed([visible(name) for name in one.members])
    lead = f"{members} ({probability(one.probability)})" if len(one.members) == 1 else (
        f"One of {members} matters ({probability(one.probability)}); these runs cannot tell which"
    )  # fmt: skip
    if not one.splitting_run:
        return f"{lead}."
    settings = ", ".join(f"{visible(name)} = {value_shown(value)}" for name, value in sorted(one.splitting_run.items()))
    on = f" on top of {visible(one.base)}" if one.base else ""
    return f"{lead}. One run would: {settings}{on}."
