"""The rules together: silence on defaults, suggestions for every typo, and no document that breaks them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.parameters.dialects import DIALECTS
from lorascope.parameters.dialects.dataset_keys import DATASET_KEYS
from lorascope.parameters.dialects.dialect import Entry
from lorascope.parameters.dialects.kohya_arguments import KOHYA_ARGUMENTS
from lorascope.parameters.rules import RULES, lint
from lorascope.parameters.rules.configuration import Document, configure
from lorascope.parameters.rules.keys import one_edit, suggestions
from lorascope.parameters.rules.rule import FAILING

BY_NAME = {dialect.name: dialect for dialect in DIALECTS}


def configured(*documents):
    """A configuration from (dialect, entries) pairs."""
    made = []
    for name, entries in documents:
        dialect = BY_NAME[name]
        made.append(Document(f"{name}.toml", name, dialect.trainer, tuple(entries), dialect.translate(entries), dialect.known_keys()))
    return configure(made)


def kohya(**settings_):
    return ("kohya", [Entry((key,), value, line) for line, (key, value) in enumerate(settings_.items(), 1)])


def found(*documents):
    return {(finding.rule, finding.severity.value) for finding in lint(configured(*documents))}


def test_a_configuration_of_all_defaults_neither_stops_nor_goes_wrong():
    defaults = {
        name: argument.default for name, argument in KOHYA_ARGUMENTS.items() if argument.default is not None and not argument.scripts
    }
    assert len(defaults) > 60
    assert [finding for finding in lint(configured(kohya(**defaults))) if finding.severity in FAILING] == []


def test_nothing_at_all_neither_stops_nor_goes_wrong():
    assert [finding for finding in lint(configured(kohya())) if finding.severity in FAILING] == []


KNOWN = sorted(name for name in {*KOHYA_ARGUMENTS, *DATASET_KEYS} if len(name) > 2)


@st.composite
def typos(draw):
    """A known key with one letter taken out, added, changed, or swapped with its neighbor."""
    name = draw(st.sampled_from(KNOWN))
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from("abcxyz_1"))
    swapped = name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]
    return name, draw(
        st.sampled_from([name[:at] + name[at + 1 :], name[:at] + letter + name[at:], name[:at] + letter + name[at + 1 :], swapped])
    )


@given(typos())
def test_every_key_is_suggested_for_a_typo_of_one_edit(pair):
    name, typo = pair
    if typo not in KNOWN:
        assert name in suggestions(typo, KNOWN)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_edit_is_symmetric_and_never_no_edit(one, other):
    assert one_edit(one, other) == one_edit(other, one)
    assert not one_edit(one, one)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PLACES = {
    "kohya": st.tuples(st.sampled_from(KNOWN)) | st.tuples(st.text(max_size=5), st.sampled_from(KNOWN)),
    "kohya-gui": st.tuples(st.sampled_from(sorted(BY_NAME["kohya-gui"].known_keys()))),
    "kohya-dataset": st.tuples(st.just("datasets"), st.integers(0, 2), st.sampled_from(sorted(DATASET_KEYS)))
    | st.tuples(st.just("datasets"), st.integers(0, 1), st.just("subsets"), st.integers(0, 1), st.sampled_from(KNOWN))
    | st.tuples(st.just("general"), st.sampled_from(KNOWN)),
}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_document_breaks_translation_and_rules(data):
    name = data.draw(st.sampled_from(sorted(BY_NAME)))
    places = PLACES.get(
        name, st.tuples(st.sampled_from(sorted(BY_NAME[name].known_keys()))) | st.tuples(st.just(0), st.sampled_from(["repeats", "id"]))
    )
    entries = [Entry(place, value, 1) for place, value in data.draw(st.dictionaries(places, VALUES, max_size=12)).items()]
    documents = [(name, entries)]
    if name == "kohya":
        other = data.draw(st.dictionaries(PLACES["kohya-dataset"], VALUES, max_size=6))
        documents.append(("kohya-dataset", [Entry(place, value, 1) for place, value in other.items()]))
    findings = lint(configured(*documents))
    assert findings == lint(configured(*documents))
    assert {finding.rule for finding in findings} <= {rule.name for rule in RULES}


def test_a_subset_wins_over_its_dataset_general_and_the_config_file():
    dataset = [
        Entry(("general", "keep_tokens"), 1, 2),
        Entry(("datasets", 0, "keep_tokens"), 2, 4),
        Entry(("datasets", 0, "subsets", 0, "image_dir"), "a", 6),
        Entry(("datasets", 0, "subsets", 1, "image_dir"), "b", 8),
        Entry(("datasets", 0, "subsets", 1, "keep_tokens"), 3, 9),
        Entry(("datasets", 1, "subsets", 0, "image_dir"), "c", 11),
    ]
    configuration = configured(kohya(keep_tokens=9, shuffle_caption=True, train_batch_size=4), ("kohya-dataset", dataset))
    assert [scope.value("keep_tokens") for scope in configuration.scopes] == [2, 3, 1]
    assert [scope.value("train_batch_size") for scope in configuration.scopes] == [4, 4, 4]
    assert ("keep-tokens-without-shuffle", "no-effect") not in found(kohya(shuffle_caption=True), ("kohya-dataset", dataset))
    assert ("keep-tokens-without-shuffle", "no-effect") in found(kohya(), ("kohya-dataset", dataset))


def test_two_typos_of_one_key_are_not_both_renamed():
    findings = lint(configured(kohya(netwrok_dim=8, network_dmi=4)))
    changes = [finding.change.to for finding in findings if finding.change]
    assert changes == ["network_dim", "network_dim"]


def test_a_typo_beside_the_right_key_is_not_renamed():
    findings = [finding for finding in lint(configured(kohya(netwrok_dim=8, network_dim=4))) if finding.rule == "unknown-key"]
    assert [finding.change for finding in findings] == [None]
