"""Attribution: F13 several changes and one contrast, F17 one run, F27 time as the rival."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.report import Report, found_at
from lorascope.claims.settings import conditions_in
from lorascope.claims.vocabulary import BETTER, CAUSAL, CHANGE, GUESSED, HEDGED, REPEATABLE, REPLICATED

_ABOUT_DATA = re.compile(
    r"\b(?:we|model|training|experiment|run|captions?|dataset|improvement|hypothesis|bleeding|color|quality|root cause)\b", re.IGNORECASE
)
_GENERAL = re.compile(r"\b(?:common|prevents?|analysis|always|learn(?:s|ed)?|trained|monitor|document)\b", re.IGNORECASE)
_ASSERTED = re.compile(
    r"\b(?:proved?|proven|proves|confirmed|validated|identified|solved|caused|were causing|was causing|led to|thanks to|due to|because of|"
    r"(?:bigger|larger|greater|more) (?:impact|effect|influence) than|responsible for|immediate|explains|attributed to|the reason)\b",
    re.IGNORECASE,
)
_IF = re.compile(r"^\s*IF\b.*\bAND\b.*\bTHEN\b", re.IGNORECASE)
_EVIDENCE = re.compile(r"^\W*(?:evidence|observed|based on|testing|seen in|n)\s?[:=]", re.IGNORECASE)
_TIMELINE = re.compile(r"^\W*(?:week|day|month|sprint|monday|\d{4}-\d{2}-\d{2})\b[^:]{0,12}:", re.IGNORECASE)
_SAME_TIME = re.compile(r"\b(?:same (?:week|day)|random(?:ized|ly)? order|interleaved|in parallel)\b", re.IGNORECASE)


def changed_things(report: Report, document: str) -> tuple[str, ...]:
    """What a document says was changed between its runs: the names of parameters, captions and the like."""
    planned = re.compile(r"\b(?:parameters to change|experiments? to|next|future|planned|queue)\b", re.IGNORECASE)
    named: dict[str, None] = {}
    for change in report.changes:
        section = report.at(document, change.line).under if change.document == document else ""
        if change.document == document and change.name and change.listed and not planned.search(section):
            text = change.text.lower()
            dropout = "dropout" in text
            named["caption_dropout_rate" if dropout else change.name] = None
    return tuple(sorted(named))


def several_changes(report: Report) -> Iterator[Found]:
    """F13: a cause is named, and several things changed at once; or an interaction, and not all of its four cells are filled."""
    for document in report.documents:
        changed = changed_things(report, document.name)
        if len(changed) >= 2 and len({change.line for change in report.changes if change.document == document.name}) >= 2:
            for statement in document.statements:
                if statement.kind not in {Kind.ROW, Kind.CODE} and _attributes(statement):
                    said = f"{len(changed)} things changed at once ({', '.join(changed[:6])}): the cause cannot be told from the others"
                    yield found_at(statement, Verdict.NOT_DERIVABLE, said, "F13")
        yield from _interactions(report, document.name)


def _attributes(statement: Statement) -> bool:
    text = statement.own
    if HEDGED.search(text.replace("hypothesis", "")) or text.rstrip(" *").endswith((":", "?")):
        return False
    return bool(_ASSERTED.search(text) and _ABOUT_DATA.search(text) and (CAUSAL.search(text) or CHANGE.search(text)))


def _interactions(report: Report, document: str) -> Iterator[Found]:
    """Rules with two conditions: all four combinations must have been run."""
    rules: dict[tuple[str, ...], list[Statement]] = {}
    for statement in report.statements:
        if statement.document == document and statement.kind is Kind.CODE and _IF.match(statement.own):
            rules.setdefault(statement.section, []).append(statement)
    for section, stated in rules.items():
        if any(GUESSED.search(above) or HEDGED.search(above) for above in section):
            continue
        seen = [
            one
            for one in report.statements
            if one.document == document and one.section[: len(section)] == section and one.line > stated[-1].line
        ]
        seen = [one for one in seen if one.kind in {Kind.TEXT, Kind.ITEM} and conditions_in(one.text)]
        finished = [one for one in seen if not GUESSED.search(one.text)]
        cells = {tuple(str(condition) for condition in conditions_in(one.text)) for one in finished}
        if len(cells) < 4:
            said = (
                f"an interaction needs all 4 combinations; {len(finished)} finished {'run is' if len(finished) == 1 else 'runs are'} "
                "given as evidence"
            )
            yield found_at(stated[0], Verdict.NOT_DERIVABLE, said, "F13")


def one_run(report: Report) -> Iterator[Found]:
    """F17: reproducible, reliable, predictable, and no second run of the same configuration."""
    for statement in report.statements:
        match = REPEATABLE.search(statement.own)
        if match is None or statement.kind is Kind.CODE or HEDGED.search(statement.own) or report.says(statement.document, REPLICATED):
            continue
        if re.search(r"\b(?:not|less|un|more|proven)\s?$", statement.own[: match.start()], re.IGNORECASE) or re.search(
            r"\b(?:for|to be)\s$", statement.own[: match.start()]
        ):
            continue
        yield found_at(statement, Verdict.NOT_DERIVABLE, f'"{match[0].lower()}": no second run with the same settings is reported', "F17")


def time_as_rival(report: Report) -> Iterator[Found]:
    """F27: in a timeline, what came last is credited with the improvement."""
    for document in report.documents:
        entries = [one for one in document.statements if one.kind in {Kind.ITEM, Kind.TEXT} and _TIMELINE.match(one.text)]
        if len(entries) < 2 or report.says(document.name, _SAME_TIME):
            continue
        for entry in entries[1:]:
            if (BETTER.search(entry.own) or re.search(r"\b(?:fixed|solved)\b", entry.own, re.IGNORECASE)) and (
                (CHANGE.search(entry.own) and "→" in entry.own) or CAUSAL.search(entry.own)
            ):
                said = (
                    f"every earlier run was made before it ({len(entries) - 1} earlier entries): whatever else changed with time is "
                    "as likely"
                )
                yield found_at(entry, Verdict.NOT_DERIVABLE, said, "F27")


_CHANGES = "## Changes\n\n- Changed learning_rate from 1e-4 to 5e-5\n- Changed network_dim from 32 to 16\n\n"
FLAGS = (
    Flag(
        id="F13",
        title="One cause named, several things changed",
        meaning=(
            "A result is credited to one change while others were made at the same time, or an interaction to runs that do not fill "
            "its four cells."
        ),
        misleads="Each of the changes explains the result as well as the one that is named.",
        remedy="One run that takes back all changes but the named one, or the named one alone.",
        find=several_changes,
        fires=(
            Example(
                f"{_CHANGES}The lower rate was the key: this experiment proved that quality depends on it, a larger effect than anything "
                "else.\n"
            ),
            Example(
                "## Rules\n\n```\nIF network_dim > 32 AND captions = long THEN blur\n```\n\nEvidence: run with dim=64 (long captions) "
                "was blurred\n"
            ),
        ),
        silent=(
            Example(f"{_CHANGES}Two things changed, so the cause cannot be told.\n"),
            Example("## Changes\n\n- Changed learning_rate from 1e-4 to 5e-5\n\nThe improvement is due to the lower rate.\n"),
        ),
    ),
    Flag(
        id="F17",
        title="Called reproducible after one run",
        meaning="Reproducible, reliable, predictable or robust, and no run was repeated.",
        misleads="Without a repetition nobody knows how much two runs of one configuration differ; it may be as much as the effect.",
        remedy="Train the same configuration once more with another seed and compare.",
        find=one_run,
        fires=(Example("The pattern is reproducible.\n"), Example("Training with this rate is reliable.\n")),
        silent=(
            Example("The pattern is reproducible: three replicates gave 0.71, 0.72 and 0.70.\n"),
            Example("Whether it is reproducible is unclear.\n"),
        ),
    ),
    Flag(
        id="F27",
        title="Time is the rival explanation",
        meaning="All old runs were one way and all new ones the other, and the last change is credited.",
        misleads="Whatever else changed meanwhile (code, prompts, how one looks) changed with it.",
        remedy="Run the old configuration again today.",
        find=time_as_rival,
        fires=(Example("- Week 1: tried learning rates\n- Week 2: replaced all captions → immediate improvement of 20%\n"),),
        silent=(Example("- Week 1: tried learning rates\n- Week 2: wrote this report\n"),),
    ),
)
