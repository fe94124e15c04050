"""What every dialect must do with the samples of its trainer, and with everything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.importers.config_file import read_config
from lorascope.parameters.catalogue import PARAMETERS, find
from lorascope.parameters.dialects import DIALECTS, dialect_of
from lorascope.parameters.dialects.defaults import defaults_of
from lorascope.parameters.dialects.dialect import Entry

SAMPLES = sorted((Path(__file__).parents[1] / "parameters" / "configs").iterdir())
FILES = {path.name: read_config(path) for path in SAMPLES}
NAMES = {parameter.name for parameter in PARAMETERS}
NOT_OURS = (
    None,
    True,
    1,
    "text",
    [],
    {},
    [1],
    [[]],
    {"a": 1},
    {"seed": 1},
    {"config": None},
    {"datasets": "x"},
    {"type": "lorascope", "format": 1},
)

of_dialects = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
of_samples = pytest.mark.parametrize("name", FILES)


def test_names_are_unique_and_sorted():
    assert [dialect.name for dialect in DIALECTS] == sorted({dialect.name for dialect in DIALECTS})


@of_samples
def test_every_sample_is_of_exactly_one_dialect(name):
    (dialect,) = (dialect.name for dialect in DIALECTS if dialect.recognizes(FILES[name].document))
    assert name.startswith(dialect.replace("-", "_"))


def test_every_dialect_has_a_sample():
    assert {dialect_of(file.document).name for file in FILES.values()} == {dialect.name for dialect in DIALECTS}


@of_dialects
@pytest.mark.parametrize("document", NOT_OURS, ids=str)
def test_what_is_not_its_configuration_is_not_recognized(dialect, document):
    assert not dialect.recognizes(document)


@of_samples
def test_the_samples_are_understood_without_problems_or_unknown_keys(name):
    said = dialect_of(FILES[name].document).translate(FILES[name].entries)
    assert said.problems == ()
    assert said.unknown == ()
    assert said.parameters


@of_samples
def test_every_parameter_is_ours_and_parsed_and_has_its_place(name):
    file = FILES[name]
    said = dialect_of(file.document).translate(file.entries)
    assert set(said.parameters) == set(said.said_at)
    assert {parameter: find(parameter).parse(value) for parameter, value in said.parameters.items()} == dict(said.parameters)
    assert {entry.place for entry in said.said_at.values()} <= {entry.place for entry in file.entries}
    assert all(entry.line is not None for entry in said.said_at.values())


@of_samples
def test_nothing_is_lost(name):
    """Every setting became a parameter, is unknown, or is kept under its key or a short form of it."""
    file = FILES[name]
    said = dialect_of(file.document).translate(file.entries)
    taken = {entry.place for entry in (*said.said_at.values(), *said.unknown)}
    kept = [str(value) for value in said.other.values()]
    lost = [entry for entry in file.entries if entry.place not in taken and str(entry.value) not in kept]
    assert lost == []


@of_dialects
def test_known_keys_are_sorted_and_many(dialect):
    keys = dialect.known_keys()
    assert len(keys) == len(set(keys)) >= 30
    assert list(keys) == sorted(keys) or dialect.name == "kohya-dataset"


@of_dialects
def test_defaults_are_parameters_of_ours_that_parse(dialect):
    defaults = defaults_of(dialect)
    assert list(defaults) == sorted(defaults)
    for name, value in defaults.items():
        if value is not None:
            assert find(name).parse(value) == value, name


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.integers() | st.text(max_size=3), max_size=2)
)


@of_dialects
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_no_values_make_it_fail(dialect, data):
    """Any values under its own keys: what cannot be understood is a problem or a note."""
    for file in FILES.values():
        if dialect.recognizes(file.document):
            entries = [Entry(entry.place, data.draw(PLAIN | st.just(entry.value)), entry.line) for entry in file.entries]
            said = dialect.translate(entries)
            assert set(said.parameters) <= NAMES


@of_dialects
@given(
    places=st.lists(
        st.tuples(
            st.sampled_from(["config", "process", "network", "datasets", "general", "concepts", "optimizer", 0, 1, "lr"])
            | st.text(max_size=2),
            PLAIN,
        ),
        max_size=5,
    )
)
def test_no_places_make_it_fail(dialect, places):
    entries = [Entry((place,), value) for place, value in places]
    entries += [Entry(tuple(place for place, _ in places), value) for _, value in places[:1]]
    dialect.translate(entries)


@of_dialects
@given(
    st.recursive(
        PLAIN,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["config", "process", "datasets", "algo", "id"]) | st.text(max_size=2), inner, max_size=3)
        ),
    )
)
def test_no_document_makes_recognizing_fail(dialect, document):
    assert dialect.recognizes(document) in {True, False}
