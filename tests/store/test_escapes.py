"""Whatever text or number goes into JSON comes out of PostgreSQL's ``jsonb`` as it was, types included."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lorascope.store.escapes import escaped, jsonb_text, jsonb_value, restored

ANY_TEXT = st.text(st.characters() | st.sampled_from("\0\ud800\udfff␛0a\\\"'%"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


def exact(value):
    """What tells 1 from 1.0 and True, and 0.0 from -0.0."""
    if isinstance(value, dict):
        return {key: exact(part) for key, part in value.items()}
    if isinstance(value, list):
        return [exact(part) for part in value]
    return (type(value), value, math.copysign(1, value) if isinstance(value, float) else 0)


@given(ANY_TEXT)
def test_an_escaped_text_is_one_that_postgresql_takes_and_comes_back(text):
    stored = escaped(text)
    assert "\0" not in stored
    stored.encode()
    assert restored(stored) == text


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_stay_different(one, other):
    assert (escaped(one) == escaped(other)) == (one == other)


@pytest.mark.parametrize("text", ["", "a lad, green background", "漢字 🎨", "C:\\new\\u0000", '"quoted"'])
def test_ordinary_text_is_stored_as_it_is(text):
    assert escaped(text) == text
    assert json.loads(jsonb_text([text])) == [text]


@given(JSON)
def test_json_text_is_read_back_exactly(value):
    assert exact(jsonb_value(jsonb_text(value))) == exact(value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_json_comes_back_from_the_database_exactly(jsonb, value):
    assert exact(jsonb(value)) == exact(value)


@pytest.fixture(scope="module")
def jsonb(postgres):
    """A way through a column of the real database."""
    import psycopg

    with psycopg.connect(**postgres.where("postgres"), autocommit=True) as connection:
        yield lambda value: jsonb_value(connection.execute("SELECT %s::jsonb::text", [jsonb_text(value)]).fetchone()[0])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        jsonb_text({"loss": value})
