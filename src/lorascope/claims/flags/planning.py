"""What was measured on what: F25 training captions as prompts, F28 only the runs that went well."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Kind
from lorascope.claims.report import Records, Report, found_at

_CAPTION = re.compile(r"\bcaptions?\b", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“]([^\"”]{12,300})[\"”]")
_SUCCESSFUL = re.compile(
    r"\b(?:all|most|every|only)\s(?:the\s|of the\s)?(?:successful|good|working|completed|best)\s(?:runs?|trainings?|models?|loras|"
    r"experiments?)\b"
    r"|\b(?:in|among)\s(?:the\s)?(?:most\s)?successful runs\b",
    re.IGNORECASE,
)
_DROPPED = re.compile(
    r"\b(?:excluding|excluded|ignoring|ignored|discarded|removed|omitted|left out|not counting|without)\s(?:the\s)?(?:\w+\s)?(?:failed|"
    r"crashed|diverged|nan|bad|broken)\s"
    r"(?:runs?|trainings?|checkpoints?|samples?|images?)\b|\b(?:failed|crashed|diverged|bad) (?:runs?|trainings?|samples?|"
    r"images?) (?:were|was|are) (?:excluded|ignored|discarded|removed|omitted|dropped|left out)\b",
    re.IGNORECASE,
)


def seen_in_training(report: Report) -> Iterator[Found]:
    """F25: a prompt of the evaluation is a caption of the training images."""
    captions = {_plain(caption) for caption in report.records.captions}
    for statement in report.statements:
        if _CAPTION.search(statement.own) or any(_CAPTION.search(above) for above in statement.section[-1:]):
            captions |= {_plain(quoted) for quoted in _QUOTED.findall(statement.text)}
    for document in report.documents:
        for prompt in report.prompts[document.name]:
            text = _plain(_QUOTED.findall(prompt.text)[0] if _QUOTED.search(prompt.text) else prompt.text)
            if len(text) >= 12 and text in captions:
                yield found_at(
                    prompt,
                    Verdict.MISLEADING,
                    "this prompt is a caption of the training images: it asks for what was learned by heart",
                    "F25",
                )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def only_what_went_well(report: Report) -> Iterator[Found]:
    """F28: failed or crashed runs are left out of the count."""
    for statement in report.statements:
        if statement.kind is Kind.CODE:
            continue
        if match := _SUCCESSFUL.search(statement.own):
            yield found_at(
                statement, Verdict.NOT_DERIVABLE, f'"{match[0].lower()}": in how many of the failed ones it was so is not said', "F28"
            )
        elif match := _DROPPED.search(statement.own):
            crashed = f" (the records have {len(report.records.crashed)} that did not finish)" if report.records.crashed else ""
            yield found_at(statement, Verdict.MISLEADING, f'"{match[0].lower()}"{crashed}: what is left looks better than it is', "F28")


FLAGS = (
    Flag(
        id="F25",
        title="Training captions as test prompts",
        meaning="A prompt of the evaluation is, word for word, a caption of a training image.",
        misleads="It measures what was learned by heart, not what the adapter can do.",
        remedy="Evaluate on prompts that no caption contains.",
        find=seen_in_training,
        fires=(
            Example(
                'A caption reads "a knight with a red shield, snow".\n\nTest prompts:\n\n1. a knight with a red shield, snow\n2. a boat\n'
            ),
            Example(
                "Test prompts:\n\n1. a knight with a red shield\n2. a boat\n", Records(captions=frozenset({"a knight with a red shield"}))
            ),
        ),
        silent=(
            Example(
                'A caption reads "a knight with a red shield, snow".\n\nTest prompts:\n\n1. a knight with a blue shield, rain\n2. a boat\n'
            ),
        ),
    ),
    Flag(
        id="F28",
        title="Only what went well",
        meaning="A rule is drawn from the successful runs only, or failed runs, checkpoints or images were left out.",
        misleads="What all successes share may be what all failures share too; and without the failures every average is too good.",
        remedy="Give the same count for the runs that failed.",
        find=only_what_went_well,
        fires=(Example("All successful runs used conv_dim = 0.\n"), Example("Crashed runs were excluded from the mean.\n")),
        silent=(Example("Of 12 runs 3 crashed; all 12 are in the table.\n"),),
    ),
)
