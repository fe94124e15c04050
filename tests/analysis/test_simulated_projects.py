"""The simulator of projects keeps its promises: seeded, truth planted, worlds without effects have none, protocol changes are recorded."""

from __future__ import annotations

import json
from collections import Counter
from statistics import fmean, stdev

import pytest

from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.read_history import read_history
from lorascope.parameters.catalogue import known, validate
from lorascope.store import Store
from simulated_interchange import write
from simulated_projects import METRIC, PROTOCOLS, REPLICATE_SD, Style, World, project, to_history, to_interchange

SEEDS = range(1, 61)


def changed(past, before):
    return {name for name in past.settings if past.settings[name] != before.settings[name]} - {"seed"}


def steps(made):
    runs = {past.name: past for past in made.history.runs}
    return [changed(past, runs[past.run.parent]) for past in made.history.runs if past.run.parent]


def test_the_same_seed_gives_the_same_project_and_another_seed_another():
    assert project(5, 12) == project(5, 12)
    assert project(5, 12).history != project(6, 12).history


def test_a_project_has_45_settings_of_which_five_matter():
    for seed in SEEDS:
        made = project(seed, 8, world=World.ORDINARY)
        assert len({name for past in made.history.runs for name in past.settings} - {"seed", "trainer"}) == 45
        assert len(made.effects) == 5
        assert all(max(truth.contributions.values()) != min(truth.contributions.values()) for truth in made.effects.values())


def test_a_world_without_effects_has_none_and_scatters_as_replicates_do():
    values = []
    for seed in SEEDS:
        made = project(seed, 30, world=World.NO_EFFECT)
        assert made.effects == {}
        assert made.causes == frozenset()
        if made.protocol_changed_at is None:
            values.append(stdev(past.outcomes[METRIC].value for past in made.history.runs))
    assert fmean(values) == pytest.approx(REPLICATE_SD, rel=0.1)


def test_styles_and_empty_worlds_are_mixed_as_stated():
    made = [project(seed, 7) for seed in range(1, 401)]
    styles = Counter(one.style for one in made)
    assert styles[Style.TINKERER] / 400 == pytest.approx(0.6, abs=0.08)
    assert styles[Style.SWEEPER] / 400 == pytest.approx(0.2, abs=0.07)
    assert sum(one.world is World.NO_EFFECT for one in made) / 400 == pytest.approx(0.1, abs=0.05)


def test_tinkerers_change_five_or_six_settings_at_once_and_careful_people_one():
    tinkered = Counter(len(step) for seed in SEEDS for step in steps(project(seed, 15, Style.TINKERER)))
    assert (tinkered[5] + tinkered[6]) / sum(tinkered.values()) > 0.8
    assert set(tinkered) == {0, 1, 5, 6}
    careful = Counter(len(step) for seed in SEEDS for step in steps(project(seed, 15, Style.CAREFUL)))
    assert set(careful) == {0, 1}


def test_a_planted_effect_shows_in_pairs_that_differ_in_it_alone():
    """Over many careful projects, the mean difference of matched pairs is the difference of the true contributions."""
    gaps = []
    for seed in SEEDS:
        made = project(seed, 25, Style.CAREFUL, World.ORDINARY)
        runs = {past.name: past for past in made.history.runs}
        for past in made.history.runs[1:]:
            parent = runs[past.run.parent]
            if past.classes[METRIC] != parent.classes[METRIC]:
                continue
            truth = [made.effects[name].contributions for name in changed(past, parent) if name in made.effects]
            names = [name for name in changed(past, parent) if name in made.effects]
            expected = sum(one[past.settings[name]] - one[parent.settings[name]] for one, name in zip(truth, names, strict=True))
            gaps.append((expected, past.outcomes[METRIC].value - parent.outcomes[METRIC].value))
    matter = [(expected, seen) for expected, seen in gaps if abs(expected) > 1.5 * REPLICATE_SD]
    assert len(matter) > 50
    assert sum((expected > 0) == (seen > 0) for expected, seen in matter) / len(matter) > 0.8


def test_a_cause_that_was_never_varied_cannot_be_found_and_is_not_asked_for():
    for seed in SEEDS:
        made = project(seed, 7, Style.CAREFUL, World.ORDINARY)
        for name in made.causes:
            assert len({past.settings[name] for past in made.history.runs}) > 1
    assert any(
        project(seed, 7, Style.CAREFUL, World.ORDINARY).causes < set(project(seed, 7, Style.CAREFUL, World.ORDINARY).effects)
        for seed in SEEDS
    )


def test_a_change_of_protocol_is_recorded_and_shifts_all_later_numbers():
    with_change = [made for made in (project(seed, 40, world=World.NO_EFFECT) for seed in SEEDS) if made.protocol_changed_at]
    assert len(with_change) > 15
    for made in with_change:
        at = made.protocol_changed_at
        assert {past.classes[METRIC] for past in made.history.runs[:at]}.isdisjoint(past.classes[METRIC] for past in made.history.runs[at:])
        assert made.history.runs[at].protocol == PROTOCOLS[1]
    shifts = []
    for made in with_change:
        values = [past.outcomes[METRIC].value for past in made.history.runs]
        shifts.append(abs(fmean(values[: made.protocol_changed_at]) - fmean(values[made.protocol_changed_at :])))
    assert fmean(shifts) > REPLICATE_SD


def test_names_tell_nothing_about_half_are_the_trainers_and_they_matter_no_more_often():
    real = opaque = real_causes = opaque_causes = 0
    for seed in range(1, 301):
        made = project(seed, 7, world=World.ORDINARY)
        names = set(made.history.runs[0].settings) - {"seed", "trainer"}
        real += sum(map(known, names))
        opaque += sum(not known(name) for name in names)
        real_causes += sum(map(known, made.effects))
        opaque_causes += sum(not known(name) for name in made.effects)
    assert real / (real + opaque) == pytest.approx(0.5, abs=0.02)
    assert real_causes / (real_causes + opaque_causes) == pytest.approx(0.5, abs=0.05)


def test_settings_with_real_names_have_values_that_a_trainer_accepts():
    for seed in SEEDS:
        for past in project(seed, 7).history.runs:
            validate({name: value for name, value in past.run.parameters.items() if known(name)})


def test_imported_records_give_the_history_back(tmp_path):
    made = project(3, 20)
    write(to_interchange(made), tmp_path / "project.jsonl")
    with Store.open("sqlite://", tmp_path / "blobs") as store:
        import_runs([tmp_path / "project.jsonl"], store)
        read = read_history(store)
    for got, wanted in zip(read.runs, to_history(made).runs, strict=True):
        assert (got.name, got.run.parent, got.settings, got.protocol) == (wanted.name, wanted.run.parent, wanted.settings, wanted.protocol)
        assert got.outcomes[METRIC].value == wanted.outcomes[METRIC].value
    assert len({past.classes[METRIC] for past in read.runs}) == 1 + (made.protocol_changed_at is not None)


def test_the_records_do_not_tell_the_truth():
    text = json.dumps(to_interchange(project(3, 20)))
    assert not any(word in text for word in ("contributions", "tinkerer", "threshold", "no effect"))
