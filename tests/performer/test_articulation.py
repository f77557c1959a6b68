"""What the mouth does for each sound, on made-up lines and on real ones."""

import numpy as np
import pytest
from performer_lines import VOWELS, Line, both, during, say

from cstalk_ue.evaluate import CLOSED_APERTURE, count_closures, group_curve, lip_aperture
from cstalk_ue.performer import Identity, TimedPhone
from cstalk_ue.performer import articulation as articulation_module
from cstalk_ue.performer.articulation import ARTICULATORS, articulate
from cstalk_ue.rig import controls
from cstalk_ue.take import RigCurves

LIPS = [control.name for control in controls() if control.region in ("lips", "mouth")]
TONGUE = [control.name for control in controls() if control.region == "tongue"]


def jaw_in(face: RigCurves, phone: TimedPhone) -> np.ndarray:
    return face.curve("CTRL_C_jaw.ty")[during(face, phone)]


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_lips_close_in_every_p_b_and_m_of_real_speech(real_lines, fps):
    bilabials = 0
    for line in real_lines:
        count = count_closures(line.act(fps=fps).face, line.phones)
        assert count.closed == count.total
        bilabials += count.total
    assert bilabials > 40


@pytest.mark.parametrize("fps", [24, 30, 60])
@pytest.mark.parametrize("bilabial", ["P", "B", "M"])
def test_lips_close_however_short_the_phone_and_wherever_it_falls_between_frames(bilabial, fps):
    """20 ms is under one frame at 30 fps, half a frame at 24."""
    for vowel in ("AA", "UW", "IY"):
        for shift in (0, 0.007, 0.013, 0.029):
            line = say(f"{vowel} {bilabial}:0.02 {vowel}", pause=0.3 + shift)
            count = count_closures(line.act(fps=fps).face, line.phones)
            assert (count.closed, count.total) == (1, 1)


def test_in_a_20_ms_closure_the_lips_are_wholly_together_in_some_frame_at_24_fps():
    together = ARTICULATORS.index("together")
    for shift in range(0, 42, 3):
        phones = say("AA B:0.02 AA", pause=0.3 + shift / 1000).phones
        assert articulate(phones, 30, 24)[:, together].max() > 0.999


@pytest.mark.parametrize("emotion", ["angry", "surprised", "happy"])
def test_lips_close_in_emotions_that_part_them_and_on_any_face(emotion):
    line = say(" ".join(f"{vowel} P:0.06" for vowel in VOWELS) + " AA M:0.03 AA B:0.02 AA")
    for seed in range(5):
        face = line.act(emotion, fps=60, identity=Identity.from_seed(seed)).face
        assert count_closures(face, line.phones).share == 1


def test_the_mouth_opens_again_between_two_closures():
    line = say("AA:0.2 P AA:0.2 P AA:0.2")
    face = line.act(fps=60).face
    assert lip_aperture(face)[during(face, line.phones[3])].max() > 0.4


@pytest.mark.parametrize("phone", ["F", "V"])
def test_f_and_v_put_the_lower_lip_on_the_teeth_and_leave_the_lips_apart(phone):
    for vowel in VOWELS:
        line = say(f"{vowel} {phone}:0.08 {vowel}")
        face = line.act(fps=60).face
        frames = during(face, line.phones[2])
        assert group_curve(face, "lip on teeth")[frames].max() > 0.6
        assert lip_aperture(face)[frames].min() > 3 * CLOSED_APERTURE
        assert group_curve(face, "lip closure")[frames].max() < 0.15


def test_the_lower_lip_leaves_the_teeth_where_there_is_no_f_or_v():
    face = say("AA T IY K UW S AA").act().face
    assert group_curve(face, "lip on teeth").max() < 0.01


def test_in_real_speech_the_lip_is_on_the_teeth_in_f_and_v_and_hardly_elsewhere(real_lines):
    for line in real_lines:
        face = line.act(fps=60).face
        bite = group_curve(face, "lip on teeth")
        near = np.zeros(face.frames, dtype=bool)
        for phone in line.phones:
            if phone.phone in ("F", "V") and phone.end_seconds < line.seconds:
                assert bite[during(face, phone)].max(initial=1) > 0.55
            if phone.phone in ("F", "V"):
                near |= np.abs(face.times - (phone.start_seconds + phone.end_seconds) / 2) < 0.3
        assert bite[~near].max(initial=0) < 0.05


def test_round_vowels_and_w_round_the_lips_and_spread_vowels_spread_them():
    peaks = {}
    for name in ("UW", "W", "OW", "UH", "AA", "IY", "EH"):
        line = say(f"HH {name}:0.2 HH")
        face = line.act(fps=60).face
        frames = during(face, line.phones[2])
        peaks[name] = [group_curve(face, group)[frames].max() for group in ("lip rounding", "lip spreading")]
    for name in ("UW", "W", "OW", "UH"):
        assert peaks[name][0] > peaks["IY"][0] + 0.3
        assert peaks[name][1] < 0.05
    for name in ("UW", "W", "AA"):
        assert peaks["IY"][1] > peaks[name][1] + 0.25
    assert peaks["IY"][1] > peaks["EH"][1]


@pytest.mark.parametrize("consonant", ["T", "K", "S", "HH", "L", "N"])
def test_rounding_rises_through_the_consonant_before_a_round_vowel(consonant):
    """Half of it is there 70 to 160 ms before the vowel, and it never falls on the way up."""
    line = say(f"AA:0.15 {consonant}:0.1 UW:0.15")
    rounding = group_curve(line.act(fps=120).face, "lip rounding")
    onset = line.phones[3].start_seconds
    peak = int(rounding.argmax())
    lead = onset - np.argmax(rounding > 0.5 * rounding.max()) / 120
    assert 0.07 < lead < 0.16
    assert rounding[int(onset * 120)] > 0.75 * rounding.max()
    assert (np.diff(rounding[: peak + 1]) > -1e-4).all()
    unrounded = say(f"AA:0.15 {consonant}:0.1 AA:0.15").act(fps=120).face
    assert group_curve(unrounded, "lip rounding").max() < 0.02


def test_the_tongue_comes_out_for_th_only():
    reach = {}
    for name in ("TH", "DH", "T", "S", "K", "AA"):
        line = say(f"AH {name}:0.1 AH")
        face = line.act(fps=60).face
        reach[name] = face.curve("CTRL_C_tongue_inOut.ty")[during(face, line.phones[2])].min()
    assert reach["TH"] < reach["DH"] < -0.15  # negative is out
    assert all(reach[name] > -0.05 for name in ("T", "S", "K", "AA"))


def test_the_tongue_tip_rises_for_l_t_d_n_and_the_back_of_the_tongue_for_k():
    tip = {}
    for name in ("L", "T", "D", "N", "K", "AA", "HH"):
        line = say(f"AH {name}:0.1 AH")
        face = line.act(fps=60).face
        frames = during(face, line.phones[2])
        tip[name] = face.curve("CTRL_C_tongue_tipMove.ty")[frames].max()
        if name == "K":
            assert face.curve("CTRL_C_tongue_inOut.ty")[frames].max() > 0.3
    assert min(tip[name] for name in "LTDN") > 0.45
    assert max(tip[name] for name in ("K", "AA", "HH")) < 0


@pytest.mark.parametrize("sibilant", ["S", "Z", "SH", "ZH", "CH", "JH"])
def test_a_sibilant_closes_the_jaw_between_open_vowels_more_than_other_consonants(sibilant):
    line = say(f"AA:0.15 {sibilant}:0.1 AA:0.15")
    face = line.act(fps=60).face
    assert jaw_in(face, line.phones[2]).min() < 0.6 * jaw_in(face, line.phones[1]).max()
    other = say("AA:0.15 K:0.1 AA:0.15")
    assert jaw_in(face, line.phones[2]).min() < 0.7 * jaw_in(other.act(fps=60).face, other.phones[2]).min()


def test_open_vowels_open_the_jaw_more_than_close_ones(real_lines):
    opening: dict[str, list[float]] = {"AA": [], "AE": [], "IY": [], "UW": []}
    for line in real_lines:
        face = line.act(fps=60).face
        for phone in line.phones:
            if phone.phone in opening and phone.end_seconds < line.seconds:
                opening[phone.phone].append(float(jaw_in(face, phone).mean()))
    mean = {name: np.mean(values) for name, values in opening.items()}
    assert min(mean["AA"], mean["AE"]) > 1.5 * max(mean["IY"], mean["UW"])


@pytest.mark.parametrize("velar", ["K", "G", "NG"])
def test_a_tongue_only_phone_leaves_the_lips_to_its_neighbours(velar):
    """Exchanging it for HH, which asks for nothing, moves lips by 0.02 at most, but moves the tongue."""
    for vowel in VOWELS:
        spoken = say(f"{vowel} {velar}:0.08 {vowel}").act(fps=60).face
        breathed = say(f"{vowel} HH:0.08 {vowel}").act(fps=60).face
        lips = spoken.select(LIPS).values - breathed.select(LIPS).values
        tongue = spoken.select(TONGUE).values - breathed.select(TONGUE).values
        assert np.abs(lips).max() < 0.025
        assert np.abs(tongue).max() > 0.1


@pytest.mark.parametrize("vowel", ["AA", "AH", "EH", "IY"])
def test_a_louder_vowel_opens_the_jaw_more(vowel):
    line = say(f"{vowel}:0.2 HH:0.05 {vowel}:0.2")
    samples = line.samples.copy()
    samples[: int(line.phones[3].start_seconds * 16000)] *= 0.1
    face = Line(line.phones, samples).act(fps=60).face
    assert jaw_in(face, line.phones[3]).max() > 1.08 * jaw_in(face, line.phones[1]).max()


def test_after_a_closure_the_lips_cling_at_the_corners_longest():
    line = say("AA:0.2 M AA:0.3")
    face = line.act(fps=60).face
    sticky = {part: both(face, f"mouth_{part}U") for part in ("stickyInner", "stickyOuter")}
    release = int(line.phones[2].end_seconds * 60)
    assert sticky["stickyInner"][:release].max() < 0.02 < sticky["stickyInner"][release:].max()
    assert sticky["stickyOuter"].max() > sticky["stickyInner"].max()
    assert sticky["stickyOuter"].argmax() >= sticky["stickyInner"].argmax()


def test_in_silence_the_mouth_is_shut_and_nothing_of_it_moves():
    line = Line((TimedPhone("SIL", 0, 3),), np.zeros(48000, dtype=np.float32))
    noisy = Line(line.phones, np.random.default_rng(3).normal(0, 0.01, 48000).astype(np.float32))
    mouth = [control.name for control in controls() if control.region in ("lips", "mouth", "jaw", "tongue")]
    for quiet in (line, noisy):
        face = quiet.act().face
        assert lip_aperture(face).max() == 0
        assert not face.select(mouth).values.any()


def test_in_a_long_pause_the_mouth_comes_to_rest():
    line = say("AA M AA", pause=1.5)
    aperture = lip_aperture(line.act().face)
    assert max(aperture[:30].max(), aperture[-30:].max()) < 0.02
    assert aperture.max() > 0.3


def test_articulators_stay_between_rest_and_one(real_lines):
    for line in real_lines:
        positions = articulate(
            line.phones, int(line.seconds * 60), 60, effort=np.ones(int(line.seconds * 60))
        )
        assert positions.shape[1] == len(ARTICULATORS)
        assert positions.min() >= 0
        assert positions.max() <= 1


def test_working_in_blocks_changes_nothing(real_lines, long_line, monkeypatch):
    """Phones out of reach of a block weigh less than single precision shows."""
    phones = [phone for phone in long_line.phones if phone.end_seconds < 40]
    blocks = articulate(phones, 1200, 30)
    monkeypatch.setattr(articulation_module, "_BLOCK_SECONDS", 60.0)
    assert np.abs(articulate(phones, 1200, 30) - blocks).max() < 1e-5


def test_how_early_the_mouth_opens_does_not_depend_on_the_length_of_the_pause():
    early = []
    for pause in (0.4, 3.0):
        line = say("AA:0.2", pause=pause)
        jaw = line.act(fps=200).face.curve("CTRL_C_jaw.ty")
        early.append(pause - np.argmax(jaw > 0.5 * jaw.max()) / 200)
    assert early[1] - early[0] < 0.05


def test_phones_out_of_the_audio_and_no_phones_at_all_are_harmless():
    assert articulate((), 30, 30).max() == 0
    beyond = articulate((TimedPhone("AA", 5, 6),), 30, 30)
    assert np.isfinite(beyond).all() and beyond.max() < 0.01
    unheard = articulate((TimedPhone("P", 0.5, 0.5),), 30, 30)
    assert unheard.max() == 0
