"""Copies, parts of each other and retakes among takes."""

from dataclasses import replace

import numpy as np
import pytest
from checked_sets import clean_takes, make_set
from hypothesis import given, settings
from hypothesis import strategies as st

from cstalk_ue.take import RigCurves
from ingest.data_set_tables import TakeRecord
from ingest.duplicates import find_copies, find_overlap_candidates, overlap_of
from ingest.take_summary import read_summary


def summaries(folder, takes):
    data_set = make_set(folder, takes)
    return data_set, [read_summary(data_set, record) for record in data_set.records]


def cut(take, start, end, name):
    samples = take.samples[round(start * 16000 / 30) :][: round((end - start) * 16000 / 30)]
    face = RigCurves(take.face.values[start:end], take.face.controls, 30.0)
    return replace(take.with_face(face), name=name, samples=samples)


def test_different_takes_are_no_candidates(tmp_path):
    _, found = summaries(tmp_path, clean_takes())
    assert find_overlap_candidates(found) == []


def test_a_trimmed_copy_is_a_candidate_and_laid_over_exactly(tmp_path):
    takes = [*clean_takes()[:10], cut(clean_takes()[3], 15, 105, "trimmed")]
    data_set, found = summaries(tmp_path, takes)
    names = [(found[a].name, found[b].name) for a, b in find_overlap_candidates(found)]
    assert [set(pair) for pair in names] == [{takes[3].name, "trimmed"}]
    curves = {name: data_set.read(record, audio=False).performance.face for name in names[0] for record in
              data_set.records if record.name == name}  # fmt: skip
    overlap = overlap_of((takes[3].name, curves[takes[3].name]), ("trimmed", curves["trimmed"]))
    assert (overlap.first_frame, overlap.second_frame, overlap.frames) == (15, 0, 90)


@given(st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=20)
def test_any_two_cuts_of_a_take_share_what_both_have(first, second):
    face = clean_takes()[7].face
    a = RigCurves(face.values[first:], face.controls, 30.0)
    b = RigCurves(face.values[second : face.frames - 5], face.controls, 30.0)
    overlap = overlap_of(("a", a), ("b", b))
    assert overlap.first_frame + first == overlap.second_frame + second == max(first, second)
    assert overlap.frames == face.frames - 5 - max(first, second)


def test_curves_of_different_takes_do_not_overlap():
    for one, other in zip(clean_takes(), clean_takes()[1:], strict=False):
        assert overlap_of((one.name, one.face), (other.name, other.face)) is None


def test_copies_have_one_content(tmp_path):
    copied = replace(clean_takes()[0], name="again")
    data_set, _ = summaries(tmp_path, [*clean_takes()[:3], copied])
    groups = find_copies(data_set.records)
    assert [{record.name for record in group} for group in groups] == [{clean_takes()[0].name, "again"}]
    assert find_copies([TakeRecord("a"), TakeRecord("b")]) == []  # no hash is no copy


@pytest.mark.parametrize("count", [3000])
def test_thousands_of_takes_are_compared_without_all_pairs(count, rng):
    """Extremes of 3000 made-up takes; two that share two thirds of theirs are the only candidates."""
    from types import SimpleNamespace

    extremes = np.round(rng.uniform(0.03, 0.9, (count, 185)), 4).astype(np.float32)
    extremes[40, ::3] = rng.uniform(0.03, 0.9, 62)
    extremes[2000] = extremes[40]
    extremes[2000, 1::3] = rng.uniform(0.03, 0.9, 62)
    takes = [
        SimpleNamespace(
            statistics={"minimum": np.zeros(185, dtype=np.float32), "maximum": row},
            record=SimpleNamespace(content_sha256=str(number)),
        )
        for number, row in enumerate(extremes)
    ]
    assert find_overlap_candidates(takes) == [(40, 2000)]
