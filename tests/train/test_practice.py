"""Made-up takes: what is hidden in them is what was said to be, and they are an ordinary data set."""

import csv
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cstalk_ue.cli import run
from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import ConfigError, DataSetError
from cstalk_ue.performer import TimedPhone, read_phones
from cstalk_ue.rig import control_defaults, control_names, controls
from cstalk_ue.take import RigCurves
from cstalk_ue.train.corpus import SpokenFile, read_corpus
from cstalk_ue.train.practice import PHONES_FILE, make_practice_set
from cstalk_ue.train.practice_coupling import (
    CouplingSettings,
    Habit,
    couple,
    measure_drivers,
    part_controls,
    part_names,
)
from cstalk_ue.train.practice_lines import make_lines, say
from cstalk_ue.train.practice_takes import PracticeSettings, perform_take, plan_takes
from ingest.data_set import open_data_set

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FPS = 30.0


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """One line of 5 s, as if four people had said it."""
    folder = tmp_path_factory.mktemp("corpus")
    phones = read_phones(SAMPLES / "letter_sad.phones.csv")
    (folder / "letter.wav").write_bytes((SAMPLES / "letter_sad.wav").read_bytes())
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("file", "speaker", "licence", "text", "phones"))
        rows = json.dumps([[p.phone, p.start_seconds, p.end_seconds] for p in phones])
        for speaker in ("ann", "ben", "cleo", "dov"):
            table.writerow(("letter.wav", speaker, "ours", "My father wrote this.", rows))
    return folder


def resting(frames: int) -> RigCurves:
    return RigCurves(np.tile(control_defaults(), (frames, 1)), control_names(), FPS)


def coupled(
    emotion: str, seed: int, *, frames: int = 240, settings: CouplingSettings | None = None
) -> RigCurves:
    """A resting face with nothing but the shared motion of one made-up take, by one of four people."""
    random = np.random.default_rng([seed, EMOTIONS.index(emotion)])
    settings = settings or CouplingSettings()
    accent = (random.random(frames) < 0.06).astype(float)
    accent = np.convolve(accent, np.hanning(15), mode="same").clip(0, 1)
    pause = np.repeat(random.random(frames // 30 + 1) < 0.2, 30)[:frames].astype(float)
    loudness = np.clip(0.7 - 0.6 * pause + 0.05 * random.standard_normal(frames), 0, 1)
    return couple(
        resting(frames),
        np.tile(EmotionTrack.constant(emotion).weights, (frames, 1)).astype(float),
        measure_drivers(accent, pause, loudness, FPS),
        closure=np.zeros(frames),
        habit=Habit.from_seed(seed % 4, settings.habit),
        settings=settings,
        random=random,
    )


def correlations(face: RigCurves) -> np.ndarray:
    """Between one control of every part, as a vector."""
    chosen = face.select(part_controls(part)[0] for part in part_names()).values
    upper = np.triu_indices(len(part_names()), 1)
    return np.corrcoef(chosen.T)[upper]


def regions_shuffled(faces: list[RigCurves], random: np.random.Generator) -> list[RigCurves]:
    """Every region of the face from another take of the same emotion."""
    region = np.array([control.region for control in controls()])
    shuffled = []
    for face in faces:
        values = face.values.copy()
        for name in sorted(set(region)):
            values[:, region == name] = faces[random.integers(len(faces))].values[:, region == name]
        shuffled.append(face.replace(values=values))
    return shuffled


def accuracy(known: dict[str, list[np.ndarray]], tried: dict[str, list[np.ndarray]]) -> float:
    """Share of vectors that are nearest to the mean of the known ones of their own emotion."""
    means = np.stack([np.mean(known[emotion], axis=0) for emotion in EMOTIONS])
    hits = [
        EMOTIONS[int(np.linalg.norm(means - vector, axis=1).argmin())] == emotion
        for emotion, vectors in tried.items()
        for vector in vectors
    ]
    return float(np.mean(hits))


def test_an_emotion_is_told_by_correlations_between_regions_and_not_once_they_are_shuffled(rng):
    known = {emotion: [correlations(coupled(emotion, seed)) for seed in range(16)] for emotion in EMOTIONS}
    unseen = {emotion: [coupled(emotion, seed) for seed in range(16, 28)] for emotion in EMOTIONS}
    assert accuracy(known, {e: [correlations(face) for face in faces] for e, faces in unseen.items()}) > 0.9
    broken = {
        emotion: [correlations(face) for face in regions_shuffled(faces, rng)]
        for emotion, faces in unseen.items()
    }
    # What is left is within one region, such as brows with brows.
    assert accuracy(known, broken) < 0.55


def test_shared_motion_does_not_give_the_emotion_away_by_pose_or_size():
    names = [part_controls(part)[0] for part in part_names()]
    of = {
        emotion: np.concatenate([coupled(emotion, seed).select(names).values for seed in range(24)])
        for emotion in EMOTIONS
    }
    means = np.stack([values.mean(axis=0) for values in of.values()])
    stds = np.stack([values.std(axis=0) for values in of.values()])
    # Postures are 0.3 to 0.85. Accents and pauses are not symmetric, so means differ a little.
    assert np.ptp(means, axis=0).max() < 0.06
    assert (stds.max(axis=0) / stds.min(axis=0)).max() < 1.5


def test_no_strength_leaves_the_face_as_it_was():
    settings = CouplingSettings(strength=0)
    assert np.array_equal(coupled("angry", 1, settings=settings).values, resting(240).values)


def test_audible_motion_is_the_same_again_and_hidden_motion_is_not():
    """With everything audible, no own motion and no hidden process, brows depend on the sound alone."""

    def brows(seed: int, audible: float) -> np.ndarray:
        frames, random = 200, np.random.default_rng(seed)
        accent = np.zeros(frames)
        accent[60:75] = np.hanning(15)
        drivers = measure_drivers(accent, np.zeros(frames), np.full(frames, 0.6), FPS)
        weights = np.tile(EmotionTrack.constant("surprised").weights, (frames, 1)).astype(float)
        face = couple(
            resting(frames),
            weights,
            drivers,
            closure=np.zeros(frames),
            habit=Habit.from_seed(0, 0.0),
            settings=CouplingSettings(audible=audible, coupling=1.0),
            random=random,
        )
        return face.curve("CTRL_L_brow_raiseOut.ty")

    audible = np.corrcoef(brows(1, 1.0), brows(2, 1.0))[0, 1]
    hidden = np.corrcoef(brows(1, 0.0), brows(2, 0.0))[0, 1]
    assert audible > 0.85  # the rest is the small difference between the sides
    assert hidden < 0.5


def test_lips_that_touch_stay_together():
    frames = 120
    closure = np.zeros(frames)
    closure[40:60] = 1
    face = couple(
        resting(frames),
        np.tile(EmotionTrack.constant("angry").weights, (frames, 1)).astype(float),
        np.zeros((frames, 3)),
        closure=closure,
        habit=Habit.from_seed(0, 0.15),
        settings=CouplingSettings(),
        random=np.random.default_rng(1),
    )
    raised = face.curve("CTRL_L_mouth_upperLipRaise.ty")
    assert (raised[40:60] == 0).all()
    assert raised[:40].min() > 0


@pytest.mark.parametrize("wrong", [{"audible": 1.2}, {"coupling": -0.1}, {"strength": -1.0}, {"swell": 2.0}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        CouplingSettings(**wrong)


def spoken(seconds: float, silences: list[tuple[float, float]], speaker: str = "ann") -> SpokenFile:
    """A file with these silences and vowels between them; it is never read."""
    edges = [0.0, *(t for silence in silences for t in silence), seconds]
    phones = [
        TimedPhone("SIL" if index % 2 else "AA", start, end)
        for index, (start, end) in enumerate(itertools.pairwise(edges))
    ]
    return SpokenFile(Path("none.wav"), speaker, tuple(phones))


def test_long_files_are_cut_in_their_silences_and_short_ones_are_strung(rng):
    long = spoken(14.0, [(4.9, 5.2), (9.6, 10.0)])
    short = [spoken(2.4, [], "ben") for _ in range(6)]
    lines = make_lines([long, *short], 10, random=rng)
    cut = [line for line in lines if line.pieces[0].file is long]
    assert round(cut[0].pieces[0].end_seconds, 2) == 5.05
    assert all(len(line.pieces) == 2 for line in lines if line.pieces[0].file.speaker == "ben")
    said = [(id(p.file), p.start_seconds, p.end_seconds) for line in lines for p in line.pieces]
    assert len(said) == len(set(said))
    assert all(len({piece.file.speaker for piece in line.pieces}) == 1 for line in lines)


def test_a_file_without_silences_is_left_out(rng):
    assert make_lines([spoken(14.0, [])], 10, random=rng) == []


def test_a_file_that_an_aligner_took_for_silence_is_left_out(rng):
    silent = replace(spoken(5.0, []), phones=(TimedPhone("SIL", 0.0, 4.8), TimedPhone("AA", 4.8, 5.0)))
    assert make_lines([silent], 10, random=rng) == []


def test_phones_stay_on_their_sounds_at_another_rate(corpus, rng):
    line = make_lines(read_corpus(corpus), 1, random=rng)[0]
    for rate in (0.95, 1.05):
        samples, phones = say(line, rate=rate, level_db=0, random=np.random.default_rng(2))
        long = [p for p in phones if p.end_seconds > p.start_seconds + 0.03]
        spans = [slice(round(p.start_seconds * 16000), round(p.end_seconds * 16000)) for p in long]
        level = np.array([np.abs(samples[span]).mean() for span in spans])
        silent = np.array([p.phone == "SIL" for p in long])
        assert level[silent].max() < 0.25 * np.median(level[~silent])
        assert phones[-1].end_seconds <= len(samples) / 16000


def test_every_line_is_said_in_two_emotions_and_all_emotions_are_as_frequent():
    files = [spoken(5.0, [], f"s{number}") for number in range(60)]
    plans = plan_takes(files, PracticeSettings(takes=100, performers=4))
    by_line: dict[str, set[str]] = {}
    for plan in plans:
        by_line.setdefault(plan.line_name, set()).add(plan.emotion)
    assert {len(emotions) for emotions in by_line.values()} == {2}
    assert len({frozenset(emotions) for emotions in by_line.values()}) == 10
    assert {sum(plan.emotion == emotion for plan in plans) for emotion in EMOTIONS} == {20}
    assert len({plan.name for plan in plans}) == 100


def test_too_little_speech_is_said():
    with pytest.raises(ConfigError, match=r"speech for 3 lines .* 20 takes need 10"):
        plan_takes([spoken(5.0, [], f"s{n}") for n in range(3)], PracticeSettings(takes=20, performers=1))


def test_a_take_is_the_same_every_time_and_another_with_another_seed(corpus):
    settings = PracticeSettings(takes=4, performers=2)
    plan = plan_takes(read_corpus(corpus), settings)[1]
    first, again = perform_take(plan), perform_take(plan)
    assert np.array_equal(first.performance.face.values, again.performance.face.values)
    assert np.array_equal(first.samples, again.samples)
    other = perform_take(replace(plan, settings=replace(settings, seed=1)))
    assert other.performance.frames != first.performance.frames or not np.array_equal(
        other.performance.face.values, first.performance.face.values
    )


def test_the_set_is_an_ordinary_data_set(tmp_path, corpus, capsys):
    folder = tmp_path / "practice"
    call = ["dataset", "practice", "-o", str(folder), "--speech", str(corpus), "--takes", "8"]
    assert run([*call, "--performers", "2"]) == 0
    assert "8 takes" in capsys.readouterr().out
    made = open_data_set(folder)
    assert len(made.records) == 8
    assert {record.split for record in made.records} <= {"train", "validation", "test"}
    driven = {control.name for control in controls() if control.animator_driven}
    assert set(made.require_statistics().kept_controls) <= driven
    for record in made.records:
        take = made.read(record)
        phones = read_phones(made.take_folder(record.name) / PHONES_FILE)
        assert 4 <= record.seconds <= 9
        assert take.samples is not None
        assert phones[-1].end_seconds <= record.seconds + 0.04
        assert record.lag_seconds is None or abs(record.lag_seconds) < 0.07
    said = json.loads((folder / "practice.json").read_text(encoding="utf-8"))
    assert said["settings"]["coupling"]["audible"] == 0.5
    assert said["licences"] == ["ours"]
    assert run([*call]) == 1
    with pytest.raises(DataSetError, match="holds takes already"):
        make_practice_set(folder, speech=corpus, settings=PracticeSettings(takes=2))
