"""How emotions look: their action units, intensity, mixtures, keyed tracks and accents."""

import itertools

import numpy as np
import pytest
from performer_lines import STILL, Line, both, during, say

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.evaluate import correlation
from cstalk_ue.performer import Prosody, TimedPhone, frames_of, measure_prosody, perform, perform_face
from cstalk_ue.performer.styles import articulation_gains, express, styles
from cstalk_ue.rig import control_names
from cstalk_ue.take import FacePerformance

FELT = EMOTIONS[1:]
EXPRESSIVE = [
    f"CTRL_{side}_{part}.ty"
    for side in "LR"
    for part in (
        "brow_down",
        "brow_raiseIn",
        "brow_raiseOut",
        "brow_lateral",
        "eye_cheekRaise",
        "eye_squintInner",
        "mouth_cornerDepress",
        "mouth_tightenU",
    )
]
"""Controls that articulation does not use."""

# Shift of the mean over a line that counts as clearly above neutral. Half of what the tables ask for.
MARKS = {
    "happy": {"mouth_cornerPull": 0.3, "eye_cheekRaise": 0.3},  # 6+12
    "sad": {"brow_raiseIn": 0.35, "brow_down": 0.17, "mouth_cornerDepress": 0.3},  # 1+4+15
    "angry": {  # 4+5+7+23
        "brow_down": 0.4,
        "eye_squintInner": 0.3,
        "eye_blink": -0.09,
        "mouth_tightenU": 0.2,
        "mouth_tightenD": 0.2,
    },
    "surprised": {"brow_raiseIn": 0.35, "brow_raiseOut": 0.35, "eye_blink": -0.27},  # 1+2+5, 26 below
}


def mean_shift(felt: list[FacePerformance], neutral: list[FacePerformance], part: str) -> np.ndarray:
    """Mean of the two sides in each line, minus neutral, ``(lines,)``."""
    pairs = zip(felt, neutral, strict=True)
    return np.array([both(a.face, part).mean() - both(b.face, part).mean() for a, b in pairs])


@pytest.mark.parametrize(
    ("emotion", "part"), [(emotion, part) for emotion, parts in MARKS.items() for part in parts]
)
def test_each_emotion_shows_its_action_units_in_every_line(performances, emotion, part):
    shift = mean_shift(performances[emotion], performances["neutral"], part)
    mark = MARKS[emotion][part]
    assert (shift * np.sign(mark) > abs(mark)).all()


def test_surprise_drops_the_jaw(performances):
    for felt, neutral in zip(performances["surprised"], performances["neutral"], strict=True):
        name = "CTRL_C_jaw.ty"
        assert felt.face.curve(name).mean() > neutral.face.curve(name).mean() + 0.08


def test_the_marks_of_one_emotion_tell_it_from_the_others(performances):
    for emotion, part in (
        ("happy", "mouth_cornerPull"),
        ("happy", "eye_cheekRaise"),
        ("sad", "mouth_cornerDepress"),
        ("angry", "mouth_tightenU"),
        ("angry", "brow_down"),
        ("surprised", "brow_raiseOut"),
    ):
        for other in FELT:
            if other != emotion:
                assert (mean_shift(performances[emotion], performances[other], part) > 0.2).all()


def test_angry_speech_is_wider_and_sad_speech_smaller_than_neutral(performances):
    swing = {
        emotion: np.mean([one.face.curve("CTRL_C_jaw.ty").std() for one in performances[emotion]])
        for emotion in ("neutral", "angry", "sad")
    }
    assert swing["angry"] > 1.1 * swing["neutral"] > 1.1 * 1.2 * swing["sad"]


@pytest.mark.parametrize("emotion", FELT)
def test_intensity_zero_is_neutral_to_the_last_bit(real_lines, emotion):
    line = real_lines[0]
    none = perform(line.phones, line.samples, EmotionTrack.constant(emotion, 0))
    neutral = perform(line.phones, line.samples, EmotionTrack.constant("neutral"))
    assert none.face.values.tobytes() == neutral.face.values.tobytes()
    assert none.head.values.tobytes() == neutral.head.values.tobytes()


@pytest.mark.parametrize("emotion", FELT)
def test_the_face_leaves_neutral_evenly_as_intensity_grows(real_lines, emotion):
    line = real_lines[1]
    neutral = line.act().face.values
    away = [
        np.abs(line.act(f"{emotion}:{intensity}").face.values - neutral).mean()
        for intensity in (0, 0.25, 0.5, 0.75, 1)
    ]
    steps = np.diff(away)
    assert away[0] == 0
    assert (steps > 0).all()
    assert steps.max() < 1.25 * steps.min()


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(FELT, 2)))
def test_a_mixture_lies_between_its_parts_in_every_control_and_frame(real_lines, one, other):
    """Conflict rules are products, so a mixture may overstep by what they bend: under 0.002."""
    line = real_lines[2]
    first, second, mixed = (line.act(text).face.values for text in (one, other, f"{one}+{other}"))
    assert (mixed >= np.minimum(first, second) - 0.002).all()
    assert (mixed <= np.maximum(first, second) + 0.002).all()
    apart = np.abs(first - second) > 0.3
    share = (mixed - first)[apart] / (second - first)[apart]
    assert 0.4 < np.median(share) < 0.6


def test_a_keyed_track_moves_no_faster_than_the_constant_emotions_do(real_lines):
    """Beyond ordinary motion a key adds what the interpolation needs: its change spread over its time."""
    line = real_lines[3]
    constant = [line.act(emotion).face.select(EXPRESSIVE).values for emotion in EMOTIONS]
    ordinary = np.max([np.abs(np.diff(values, axis=0)).max(axis=0) for values in constant], axis=0)
    apart = np.max(constant, axis=(0, 1)) - np.min(constant, axis=(0, 1))
    keyed = line.act("0.0=neutral 0.8=angry 1.6=surprised 2.4=happy 3.2=sad").face.select(EXPRESSIVE).values
    assert (np.abs(np.diff(keyed, axis=0)) <= ordinary + apart / (0.8 * 30) + 1e-6).all()


def test_a_keyed_track_is_its_emotion_at_each_key(real_lines):
    line = real_lines[4]
    assert line.seconds > 2.5
    keyed = line.act("0.0=happy 1.0=happy 2.0=angry").face.values
    assert np.array_equal(keyed[:30], line.act("happy").face.values[:30])
    assert np.array_equal(keyed[61:], line.act("angry").face.values[61:])


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_accents_move_the_brows(real_lines, emotion):
    part = {"angry": "brow_down"}.get(emotion, "brow_raiseIn")
    for line in real_lines[:6]:
        face = line.act(emotion).face
        accent = measure_prosody(line.samples, face.frames, 30).accent
        assert accent.max() > 0.5
        brows = both(face, part)
        assert correlation(brows, accent) > 0.8
        assert brows[accent > 0.8].mean() > brows[accent == 0].mean() + 0.1


def test_happy_mouth_controls_that_share_a_muscle_move_together(real_lines):
    for line in real_lines[:6]:
        face = line.act("happy", fps=60).face
        for part in ("mouth_dimple", "mouth_sharpCornerPull", "nose_nasolabialDeepen"):
            assert correlation(both(face, "mouth_cornerPull"), both(face, part)) > 0.6


def test_rounding_wins_over_a_smile_and_a_smile_spreads_the_lips_already():
    line = say("IY:0.3 UW:0.3")
    neutral, happy = (line.act(emotion, fps=60).face for emotion in ("neutral", "happy"))
    spread, rounded = (during(happy, line.phones[k]) for k in (1, 2))
    assert both(happy, "mouth_stretch")[spread].max() < 0.9 * both(neutral, "mouth_stretch")[spread].max()
    assert both(happy, "mouth_cornerPull")[rounded].min() < 0.75 * both(happy, "mouth_cornerPull")[0]


def test_as_a_smile_comes_and_goes_cheeks_and_lip_corners_move_together(real_lines):
    for line in real_lines[:6]:
        middle = line.seconds / 2
        face = line.act(f"0=neutral {middle:.2f}=happy {2 * middle:.2f}=neutral").face
        assert correlation(both(face, "mouth_cornerPull"), both(face, "eye_cheekRaise")) > 0.85


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_two_sides_of_the_face_move_together_but_not_alike(performances, emotion):
    names = control_names()
    pairs = [(n, n.replace("_L_", "_R_")) for n in names if "_L_" in n and n.replace("_L_", "_R_") in names]
    face = performances[emotion][0].face
    scores = [correlation(face.curve(left), face.curve(right)) for left, right in pairs]
    moving = [score for score in scores if np.isfinite(score)]
    assert len(moving) > 35
    assert min(moving) > 0.99
    assert not np.array_equal(face.curve("CTRL_L_mouth_stretch.ty"), face.curve("CTRL_R_mouth_stretch.ty"))


def test_expression_and_gains_are_linear_in_the_weights():
    random = np.random.default_rng(11)
    weights = random.dirichlet(np.ones(len(EMOTIONS)), size=40)
    energy, accent, pause = random.uniform(size=(3, 40))
    whole = express(weights, energy=energy, accent=accent, pause=pause)
    parts = 0
    for column in range(len(EMOTIONS)):
        only = np.tile(np.eye(len(EMOTIONS))[column], (40, 1))
        parts = parts + weights[:, [column]] * express(only, energy=energy, accent=accent, pause=pause)
    np.testing.assert_allclose(whole, parts, atol=1e-12)
    assert whole.min() >= 0
    assert whole.shape == (40, len(styles().action_units))
    assert articulation_gains(np.eye(len(EMOTIONS)))[0][0] == 1


def test_a_silent_neutral_face_is_at_rest_and_a_silent_happy_one_smiles():
    line = Line((), np.zeros(48000, dtype=np.float32))
    assert frames_of(48000, 30) == 90
    assert not both(line.act().face, "mouth_cornerPull").any()
    assert both(line.act("happy", life=STILL).face, "mouth_cornerPull").min() > 0.4


def test_marked_stress_decides_which_accents_the_brows_follow():
    """Two equal accents; only the vowel under the first is marked as stressed."""
    frames = 90
    accent = np.zeros(frames, dtype=np.float32)
    accent[20:26] = accent[65:71] = 1
    flat = np.zeros(frames, dtype=np.float32)
    prosody = Prosody(loudness=flat, pitch=flat, voiced=flat, accent=accent)
    weights = EmotionTrack.parse("neutral").at(np.arange(frames) / 30)

    def brow(stress: tuple[int | None, int | None]) -> np.ndarray:
        phones = [TimedPhone("AA", 0.66, 0.86, stress[0]), TimedPhone("AA", 2.16, 2.36, stress[1])]
        return perform_face(phones, prosody, weights, fps=30).curve("CTRL_L_brow_raiseOut.ty")

    marked, unmarked = brow((1, 0)), brow((None, None))
    assert unmarked[23] == pytest.approx(unmarked[68], rel=0.02)
    assert marked[23] == pytest.approx(unmarked[23], rel=0.05)
    assert marked[68] < 0.5 * marked[23]
