"""The contract of every lint rule, tried on its own examples; a new rule is covered before it has a test of its own."""

from __future__ import annotations

import re

import pytest

from lorascope.importers.config_file import read_config
from lorascope.jobs.check import document_of
from lorascope.jobs.fix_config import fix_config
from lorascope.parameters.rules import RULES, lint
from lorascope.parameters.rules.configuration import configure
from lorascope.parameters.rules.rule import Gravity

GRAVITY = list(Gravity)
GOOD = [pytest.param(rule, example, id=f"{rule.name}-{n}") for rule in RULES for n, example in enumerate(rule.good)]
BAD = [pytest.param(rule, example, id=f"{rule.name}-{n}") for rule in RULES for n, example in enumerate(rule.bad)]
MENDED = [param for param in BAD if param.values[1].fixed]
ENDINGS = {"kohya": "toml", "kohya-dataset": "toml", "ai-toolkit": "yaml", "diffusers": "sh"}


def opened(example, folder, text=None):
    path = folder / f"example.{ENDINGS.get(example.dialect, 'json')}"
    path.write_text(example.text if text is None else text)
    file = read_config(path)
    return file, configure([document_of(file, example.dialect)], facts=example.facts)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_explains_itself(rule):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.title
    assert rule.reason.endswith(".")
    assert rule.source
    assert rule.good
    assert rule.bad


def test_names_are_unique():
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("rule", "example"), GOOD)
def test_good_examples_have_no_finding(rule, example, tmp_path):
    assert lint(opened(example, tmp_path)[1], [rule]) == ()


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_bad_examples_are_found_where_they_say(rule, example, tmp_path):
    findings = lint(opened(example, tmp_path)[1], [rule])
    assert {finding.key for finding in findings} == {example.key}


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_findings_keep_within_what_the_rule_announces(rule, example, tmp_path):
    file, configuration = opened(example, tmp_path)
    for finding in lint(configuration, [rule]):
        assert finding.rule == rule.name
        assert GRAVITY.index(finding.severity) >= GRAVITY.index(rule.severity)
        assert finding.message
        assert "\n" not in finding.message + finding.fix
        assert not finding.message.endswith(".")
        assert finding.line is None or finding.key.split(".")[-1].split("[")[0] in file.text.splitlines()[finding.line - 1]


@pytest.mark.parametrize(("rule", "example"), MENDED)
def test_the_fix_writes_what_the_example_says(rule, example, tmp_path):
    file, configuration = opened(example, tmp_path)
    assert fix_config(file, lint(configuration, [rule]), include_all=True).after == example.fixed


@pytest.mark.parametrize(("rule", "example"), MENDED)
def test_after_the_fix_the_finding_is_gone_and_a_second_fix_changes_nothing(rule, example, tmp_path):
    file, configuration = opened(example, tmp_path, example.fixed)
    findings = lint(configuration, [rule])
    assert findings == ()
    assert fix_config(file, findings, include_all=True).after == example.fixed


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_change_is_stated_with_its_result(rule, example, tmp_path):
    """An evident change is shown in the example: none goes untried."""
    if any(finding.change and finding.change.evident for finding in lint(opened(example, tmp_path)[1], [rule])):
        assert example.fixed
