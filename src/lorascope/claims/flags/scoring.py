"""Numbers that stand for something: F14 a proxy, F15 nothing to derive it from, F16 a score by nobody, F29 a percentage of what."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.quantity import Quantity
from lorascope.claims.report import Report, found_at, shown
from lorascope.claims.vocabulary import CONSTRUCT, HEDGED, epochs_in, words

_MEASURED = frozenset("color loss pixel edge byte megabyte mse".split())
_RATER = re.compile(
    r"\b(?:raters?|rated by|blind(?:ed|ly)?|rubric|judged by|annotators?|reviewers?|scored by|inter-rater|"
    r"questionnaire|participants?|votes?)\b",
    re.IGNORECASE,
)
_UNIVERSAL = re.compile(
    r"\b(?:across|on|for|in|over)\s(?:all|every|each|any)\s(?:of\s)?(?:the\s|our\s)?(?:test\s|evaluation\s|training\s|random\s)?"
    r"(?P<noun>prompts?|seeds?|styles?|subjects?|characters?|scenes?|images?|poses?|faces?|categories|conditions?|settings|resolutions)\b",
    re.IGNORECASE,
)
_JUDGES = re.compile(
    r"\b(?:balanced|consistent(?:ly)?|good|best|better|works?|stable|robust|strong|excellent|high|improv\w+|great|superior|"
    r"uniform(?:ly)?|perform\w*)\b",
    re.IGNORECASE,
)
_CONFIDENCE = re.compile(r"\b(?:confidence|probability|prior|interval|ci|credible|chance)\b", re.IGNORECASE)
_SETTING = re.compile(
    r"\b(?:dropout|learning rate|warmup|strength|weight|opacity|share of steps|split|threshold|target|sparsity)\b", re.IGNORECASE
)
_SMALLEST_BASE = 10
_MOST_TABLES = 50


def proxies(report: Report) -> Iterator[Found]:
    """F14: a counted or technical number is called accuracy, quality, likeness …"""
    for statement in report.statements:
        if statement.kind is Kind.CODE or not statement.has_digits or (construct := CONSTRUCT.search(statement.own)) is None:
            continue
        if HEDGED.search(statement.own) or not report.numbers(statement):
            continue
        for number in report.numbers(statement):
            noun = _measured(report, number, statement)
            if noun and not number.is_percent and construct[1].lower() not in words(noun) and number.total is None:
                said = f'the numbers are {noun}: that is no measure of "{_around(statement.own, construct)}" (no guard metric is given)'
                yield found_at(statement, Verdict.MISLEADING, said, "F14")
                break


def _measured(report: Report, number: Quantity, statement: Statement) -> str:
    """What a number counts, when it is a proxy: its noun, the word before it, or the metric of the column it is quoted from."""
    noun = " ".join(number.noun.split()[:2])
    for text in (
        noun,
        " ".join(word for word in re.findall(r"[A-Za-z_]+", re.split(r"[,;:(|∈]", number.before)[-1])[-4:] if "_" not in word),
    ):
        found = words(text) & _MEASURED
        if found and not words(text) & {"accuracy", "quality"} and (text == noun or "(" not in number.before[-12:]):
            return " ".join(word for word in text.split() if word not in {"vs", "on", "at", "in"})
    if number.noun.startswith(("avg", "mean")) or number.noun == "":
        for series in report.curves(statement):
            if series.words & _MEASURED and any(number.value == point.number.value for point in series.points) and number.text.count("."):
                return series.name.lower()
    return ""


def _around(text: str, construct: re.Match[str]) -> str:
    before = re.findall(r"[A-Za-z]+", text[: construct.start()])
    return (
        f"{before[-1].lower()} {construct[1].lower()}"
        if before and before[-1].lower() not in {"in", "of", "the", "better", "for", "improved"}
        else construct[1].lower()
    )


def nothing_to_derive_from(report: Report) -> Iterator[Found]:
    """F15: a statement about all prompts, seeds or subjects, and no numbers of each."""
    for statement in report.statements:
        match = _UNIVERSAL.search(statement.own)
        if match is None or statement.kind is Kind.CODE or not _JUDGES.search(statement.own) or report.numbers(statement):
            continue
        noun = next(iter(words(match["noun"])), "")
        if not _has_each(report, statement.document, noun):
            yield found_at(statement, Verdict.NOT_DERIVABLE, f"no values by {noun} are given", "F15")


def _has_each(report: Report, document: str, noun: str) -> bool:
    """Whether a table has the values of each: rows or columns that are them."""
    for table in report.document(document).tables[:_MOST_TABLES]:
        if table.titles and noun in words(table.titles[0]) and len(table.rows) >= 2:
            return True
        if sum(noun in words(title) for title in table.titles[1:]) >= 2:
            return True
    columns = [series for series in report.curves_of(document) if report.prompt_of(series) is not None]
    return noun == "prompt" and len(columns) >= max(2, len(report.prompts.get(document, ())) // 2)


def scores_by_nobody(report: Report) -> Iterator[Found]:
    """F16: so many out of ten, by whom, by what rule, and knowing what?"""
    for document in report.documents:
        if report.says(document.name, _RATER):
            continue
        for statement in document.statements:
            if statement.kind is Kind.CODE:
                continue
            score = next(
                (number for number in report.numbers(statement) if number.is_score and (number.total == 10 or _scored(statement.own))), None
            )
            if (
                score is not None
                and re.search(r"[^\s.!?]\s*$", statement.own[: score.start])
                and not re.search(r"\b(?:runs?|images?|prompts?|pictures?|samples?|tests?|epochs?)\b", score.noun)
            ):
                yield found_at(statement, Verdict.NOT_DERIVABLE, f"{score.text}: no rater, no rubric and no blinding are named", "F16")


def _scored(text: str) -> bool:
    return bool(re.search(r"\b(?:scores?|rating|rated|quality|stars?)\b", text, re.IGNORECASE))


def percentages_of_what(report: Report) -> Iterator[Found]:
    """F29: a percentage without its base, or of fewer than ten."""
    for statement in report.statements:
        if (
            statement.kind in {Kind.ROW, Kind.CODE}
            or "%" not in statement.own
            or _CONFIDENCE.search(statement.own)
            or _SETTING.search(statement.own)
        ):
            continue
        numbers = report.numbers(statement)
        percents = [number for number in numbers if number.is_percent]
        bases = [number for number in numbers if not number.is_percent]
        shares = [number for number in bases if number.total]
        small = [number for number in shares if number.total and number.total < _SMALLEST_BASE and not number.is_score]
        if not percents:
            continue
        if small and any(percent.may_be(100 * share.value / (share.total or 1)) for percent in percents for share in small):
            yield found_at(
                statement,
                Verdict.MISLEADING,
                f"{percents[0].text} of {shown(small[0].total or 0)}: one more or less is {shown(100 / (small[0].total or 1))} points",
                "F29",
            )
        elif (
            not bases
            and len(percents) == 1
            and not epochs_in(statement.own)
            and _needs_base(percents[0], statement.own)
            and not _stated_elsewhere(report, statement, percents[0])
        ):
            yield found_at(statement, Verdict.NOT_DERIVABLE, f"{percents[0].text} of what number is not said", "F29")


def _needs_base(percent: Quantity, text: str) -> bool:
    """A rate or a change of something measured; not a plan, a target or a condition."""
    near = f"{percent.before[-30:]} {percent.noun} {text[percent.end : percent.end + 40]}"
    return bool(
        re.search(
            r"\b(?:accura\w+|success|failure|failed|error|rate|improv\w+|better|worse|preserv\w+|correct|of (?:the )?(?:images|captions|"
            r"samples|prompts|descriptive)|quality|variety|consistency)",
            near,
            re.IGNORECASE,
        )
    ) and not re.search(r"\b(?:if|target|goal|aim|at least|should|confidence)\b", text, re.IGNORECASE)


def _stated_elsewhere(report: Report, statement: Statement, percent: Quantity) -> bool:
    """Whether the same percentage stands elsewhere in the document with the numbers it comes from."""
    for one in report.with_percent(statement.document, abs(percent.value)):
        if one.line != statement.line and any(not number.is_percent for number in report.numbers(one)):
            return True
    return False


FLAGS = (
    Flag(
        id="F14",
        title="A proxy called by another name",
        meaning="A count or a technical number (colors, loss, pixels) is reported as accuracy, quality, likeness or the like.",
        misleads="The proxy can improve while the thing gets worse: an image of one color has the fewest colors.",
        remedy="Measure the thing itself, such as the background's color against the prompt, and report the proxy as what it is.",
        find=proxies,
        fires=(
            Example("Color accuracy improved by 20% (240 vs 300 unique colors).\n"),
            Example("Quality improved: the loss fell from 0.12 loss to 0.09 loss.\n"),
        ),
        silent=(
            Example("The number of colors fell by 20% (240 vs 300 unique colors).\n"),
            Example("Background accuracy rose from 62.5% to 75.0%.\n"),
        ),
    ),
    Flag(
        id="F15",
        title="Nothing to derive it from",
        meaning="Something is said of all prompts, seeds or subjects, and the values of each are not given.",
        misleads="An average can be good while a third of the prompts fail; nobody can check the sentence.",
        remedy="Give the value of each.",
        find=nothing_to_derive_from,
        fires=(Example("The model performs well across all prompts.\n"), Example("Consistent likeness for every subject.\n")),
        silent=(
            Example("The model works across all prompts:\n\n| Prompt | Accuracy |\n|---|---|\n| hat | 0.8 |\n| dog | 0.9 |\n"),
            Example("We rendered images for all prompts.\n"),
        ),
    ),
    Flag(
        id="F16",
        title="A score without rater or rubric",
        meaning="A score such as 9/10, and neither who gave it, nor by what rule, nor whether they knew what they were rating.",
        misleads="The rater knew which checkpoint it was and what was hoped for; another rater, or the same tomorrow, gives another score.",
        remedy="Rate blind, in random order, by a written rule, at least twice (lorascope rate).",
        find=scores_by_nobody,
        fires=(Example("Quality score: 9/10\n"), Example("- lora_v2: dim=32, score=7/10\n")),
        silent=(Example("Quality score: 9/10 (mean of three blinded raters)\n"), Example("9/10 prompts gave the asked color.\n")),
    ),
    Flag(
        id="F29",
        title="A percentage of what",
        meaning="A percentage without the number it is of, or of fewer than ten.",
        misleads="100 % of 3 and 100 % of 300 are different things; without the base nobody can tell which it is.",
        remedy="Give both numbers: 7 of 8.",
        find=percentages_of_what,
        fires=(
            Example("Backgrounds have an accuracy of 60-70%.\n"),
            Example("The failure rate is 100% (3/3 runs).\n"),
            Example("Accuracy is 75% (6/8).\n"),
        ),
        silent=(
            Example("The failure rate is 95% (38/40 runs).\n"),
            Example("The confidence is 85%.\n"),
            Example("Use a caption dropout of 5%.\n"),
        ),
    ),
)
