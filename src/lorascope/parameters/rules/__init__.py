"""All lint rules, in the order of the reference. Adding one: its place in a file of its kind, and its line in that file's tuple."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lorascope.parameters.rules.captions import CAPTION_RULES
from lorascope.parameters.rules.configuration import Configuration
from lorascope.parameters.rules.images import IMAGE_RULES
from lorascope.parameters.rules.keys import KEY_RULES
from lorascope.parameters.rules.network import NETWORK_RULES
from lorascope.parameters.rules.noise import NOISE_RULES
from lorascope.parameters.rules.pictures import PICTURE_RULES
from lorascope.parameters.rules.rule import Gravity, LintFinding, Rule
from lorascope.parameters.rules.saving import SAVING_RULES
from lorascope.parameters.rules.schedule import SCHEDULE_RULES
from lorascope.parameters.rules.starting import STARTING_RULES
from lorascope.parameters.rules.trainers import TRAINER_RULES

RULES: tuple[Rule, ...] = (
    *KEY_RULES,
    *NETWORK_RULES,
    *SCHEDULE_RULES,
    *CAPTION_RULES,
    *PICTURE_RULES,
    *NOISE_RULES,
    *SAVING_RULES,
    *STARTING_RULES,
    *IMAGE_RULES,
    *TRAINER_RULES,
)
_ORDER = {gravity: position for position, gravity in enumerate(Gravity)}


def lint(configuration: Configuration, rules: Sequence[Rule] = RULES) -> tuple[LintFinding, ...]:
    """Hold every rule that is for this trainer against a configuration: by file, then by line, what has no line last."""
    files = {document.file: position for position, document in enumerate(configuration.documents)}
    found = {
        _place(finding, files): finding for rule in rules if configuration.trainer in rule.trainers for finding in rule.find(configuration)
    }
    return tuple(found[place] for place in sorted(found))


def _place(finding: LintFinding, files: Mapping[str, int]) -> tuple[int, str, bool, int, int, str, str, str]:
    """What findings are sorted by; equal ones are one."""
    file = files.get(finding.file, len(files)), finding.file
    line = finding.line is None, finding.line or 0
    return (*file, *line, _ORDER[finding.severity], finding.rule, finding.key, finding.message)
