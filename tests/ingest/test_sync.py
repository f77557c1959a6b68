"""Lags of real speech: found, pooled, and doubted where there is reason to."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from checked_sets import clean_takes
from hypothesis import given, settings
from hypothesis import strategies as st

from cstalk_ue.audio import SAMPLE_RATE, load_audio
from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.performer import TimedPhone, frames_of, perform_face
from cstalk_ue.rig import neutral_curves
from cstalk_ue.take import RigCurves
from ingest.sync import GATE, UNKNOWN, Lag, measure_lag, pool_lags
from ingest.table import find_tables, read_table
from ingest.take_files import align_samples

FRAME = 1 / 30


@pytest.fixture(scope="module")
def facegood(shared_data):
    """(curves, sound) of every recorded pair, from its own first sample on."""
    pairs = []
    for found in find_tables([shared_data / "paired" / "facegood"]):
        take = read_table(found, rigmap="facegood")
        face = take.performance.face
        pairs.append((face, align_samples(take.samples, take.audio_start_seconds, face.frames)))
    return pairs


def shifted(samples, seconds):
    """Sound that comes so much later, as long as before."""
    return align_samples(samples, seconds, round(len(samples) / SAMPLE_RATE * 30))


def window(pair, start, frames):
    face, samples = pair
    piece = RigCurves(face.values[start : start + frames], face.controls, face.fps)
    first = round(start * SAMPLE_RATE / 30)
    return piece, samples[first : first + round(frames * SAMPLE_RATE / 30)]


def test_every_facegood_pair_is_one_frame_late(facegood):
    lags = [measure_lag(*pair) for pair in facegood]
    assert len(lags) == 4
    assert all(abs(lag.seconds + FRAME) < FRAME / 2 for lag in lags)
    assert all(lag.confidence > 0.9 and lag.agreement > 0.9 for lag in lags)
    pooled = pool_lags(lags)
    assert pooled.verdict == "agreed"
    assert abs(pooled.seconds + FRAME) < FRAME / 4


def test_the_sound_of_another_take_is_not_believed(facegood):
    sounds = [samples for _, samples in facegood]
    wrong = [
        measure_lag(face, align_samples(sounds[(n + 1) % 4], 0, face.frames))
        for n, (face, _) in enumerate(facegood)
    ]
    assert all(lag.confidence == 0 for lag in wrong)
    assert pool_lags(wrong).verdict == "scattered"


def test_takes_of_wrong_sound_scatter_although_each_has_a_peak(facegood):
    """Six seconds of wrong sound correlate well at some lag; only their disagreement tells."""
    right, wrong = [], []
    for number, pair in enumerate(facegood):
        other = facegood[(number + 1) % 4][1]
        for start in range(0, min(pair[0].frames, int(len(other) / SAMPLE_RATE * 30)) - 180, 180):
            piece, sound = window(pair, start, 180)
            right.append(measure_lag(piece, sound))
            first = round(start * SAMPLE_RATE / 30)
            wrong.append(measure_lag(piece, other[first : first + len(sound)]))
    assert np.median([lag.peak for lag in wrong]) > GATE
    assert pool_lags(wrong).verdict == "scattered"
    assert pool_lags(right).verdict == "agreed"
    assert np.mean([lag.confidence for lag in right]) > 2 * np.mean([lag.confidence for lag in wrong])


@pytest.mark.parametrize(("seconds", "least"), [(4, 0.9), (6, 0.95), (9, 1.0)])
def test_windows_find_the_lag_within_a_frame(facegood, seconds, least):
    frames, found = seconds * 30, []
    for pair in facegood:
        for start in range(0, pair[0].frames - frames + 1, frames):
            found.append(measure_lag(*window(pair, start, frames)).seconds)
    near = np.mean([abs(lag + FRAME) < 1.01 * FRAME for lag in found])
    assert near >= least


@given(st.floats(-0.4, 0.4))
@settings(max_examples=25)
def test_a_shift_of_the_sound_is_found(shift):
    """Sound that is moved to later makes the curves earlier by as much, to a third of a frame."""
    take = clean_takes()[5 * 3]  # the longest line
    before = measure_lag(take.face, take.samples)
    after = measure_lag(take.face, shifted(take.samples, shift))
    assert after.seconds - before.seconds == pytest.approx(shift, abs=FRAME / 3)


def test_curves_that_are_later_have_a_lag_below_zero():
    take = clean_takes()[0]
    late = RigCurves(np.roll(take.face.values, 6, axis=0), take.face.controls, 30.0)
    change = measure_lag(late, take.samples).seconds - measure_lag(take.face, take.samples).seconds
    assert change == pytest.approx(-6 * FRAME, abs=FRAME / 2)


def test_speakers_never_heard_before_are_near_zero(shared_data):
    """The rule-based performer is in sync by construction: 30 clips agree on it."""
    folder, lags = shared_data / "speech_train", []
    with (folder / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if 4 <= float(row["seconds"]) <= 9]
    for row in rows[:: len(rows) // 30][:30]:
        samples = load_audio(folder / row["file"]).samples
        phones = [TimedPhone(*phone) for phone in json.loads(row["phones"])]
        frames = frames_of(len(samples), 30.0)
        weights = EmotionTrack.constant("neutral").at(np.arange(frames) / 30)
        prosody = replace_pitch(samples, frames)
        face = perform_face(phones, prosody, weights, fps=30.0)
        lags.append(measure_lag(face, samples))
    pooled = pool_lags(lags)
    assert pooled.verdict == "agreed"
    assert abs(pooled.seconds) < FRAME
    sure = [lag for lag in lags if lag.confidence >= 0.2]
    assert len(sure) >= 15
    assert np.mean([abs(lag.seconds - pooled.seconds) < 2 * FRAME for lag in sure]) > 0.9


def replace_pitch(samples, frames):
    """Prosody of the loudness alone: pitch takes long and moves no jaw."""
    from cstalk_ue.performer.prosody import Prosody
    from ingest.mouth import frame_levels

    level = frame_levels(samples, frames, 30.0)
    loud = np.clip((level - np.percentile(level, 95)) / 35 + 1, 0, 1).astype(np.float32)
    still = np.zeros(frames, dtype=np.float32)
    return Prosody(loud, still, still, still)


def test_gaps_do_not_count():
    """Nonsense in frames that are not valid changes the lag by less than a third of a frame."""
    take = clean_takes()[15]
    valid = np.ones(take.face.frames, dtype=bool)
    valid[40:60] = False
    values = take.face.values.copy()
    values[40:60] = np.random.default_rng(0).uniform(0, 1, values[40:60].shape)
    damaged = RigCurves(values, take.face.controls, 30.0, valid=valid)
    found, whole = measure_lag(damaged, take.samples), measure_lag(take.face, take.samples)
    assert found.seconds == pytest.approx(whole.seconds, abs=FRAME / 3)


def test_nothing_to_compare_is_said_so(rng):
    face, samples = clean_takes()[0].face, clean_takes()[0].samples
    assert measure_lag(neutral_curves(face.frames, 30.0), samples) == UNKNOWN
    assert measure_lag(face, np.zeros_like(samples)) == UNKNOWN
    hum = (0.1 * np.sin(np.arange(len(samples)) * 0.2)).astype(np.float32)
    assert measure_lag(face, hum) == UNKNOWN
    assert measure_lag(face, rng.normal(0, 0.1, len(samples)).astype(np.float32)) == UNKNOWN
    short = RigCurves(face.values[:60], face.controls, 30.0)
    assert measure_lag(short, samples[:32000]) == UNKNOWN
    gone = RigCurves(face.values, face.controls, 30.0, valid=np.zeros(face.frames, dtype=bool))
    assert measure_lag(gone, samples) == UNKNOWN


def test_a_take_that_wobbles_at_random_is_not_believed(rng):
    """Random mouths over real speech: confidence over one half in fewer than one of eight."""
    samples, confident = clean_takes()[15].samples, 0
    frames = clean_takes()[15].face.frames
    for _ in range(40):
        jaw = np.convolve(rng.normal(0, 1, frames + 8), np.ones(9) / 9, mode="valid")
        values = neutral_curves(frames, 30.0).values.copy()
        values[:, clean_takes()[0].face.index("CTRL_C_jaw.ty")] = np.clip(0.3 + 0.4 * jaw, 0, 1)
        lag = measure_lag(neutral_curves(frames, 30.0).replace(values=values), samples)
        confident += lag.confidence > 0.5
    assert confident < 5


def test_one_take_is_never_enough(facegood):
    assert pool_lags([measure_lag(*facegood[0])]).verdict == "too few"
    assert pool_lags([]).verdict == "too few"
    assert pool_lags([UNKNOWN] * 10).seconds is None


def test_an_offset_of_its_own_in_every_take_scatters():
    lags = [Lag(s, 1.0, 0.8, 0.2, (s,), 1.0) for s in np.linspace(-0.4, 0.4, 12).tolist()]
    assert pool_lags(lags).verdict == "scattered"
    same = [replace(lag, windows=(0.1 + n / 1000,)) for n, lag in enumerate(lags)]
    assert pool_lags(same).verdict == "agreed"
    assert pool_lags(same).seconds == pytest.approx(0.1055)


@given(
    st.one_of(st.none(), st.floats(-0.5, 0.5)),
    st.floats(0, 1),
    st.lists(st.floats(-0.5, 0.5), max_size=20),
)
def test_a_lag_survives_its_json(seconds, confidence, windows):
    lag = Lag(seconds, confidence, 0.5, 0.25, tuple(windows), confidence)
    again = Lag.from_json(json.loads(json.dumps(lag.to_json(), allow_nan=False)))
    assert (again.seconds is None) == (seconds is None)
    assert again.seconds == pytest.approx(seconds, abs=1e-4) if seconds is not None else True
    assert again.windows == pytest.approx(lag.windows, abs=6e-4)
    assert again.confidence == pytest.approx(confidence, abs=6e-4)
