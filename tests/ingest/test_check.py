"""Every finding, proven by a set with that one fault; a set without faults has none."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checked_sets import RULES, clean_takes, make_set

from cstalk_ue.emotion import EMOTIONS, EmotionTrack
from cstalk_ue.errors import ConfigError
from cstalk_ue.rig import control_defaults, control_names
from cstalk_ue.storage import write_json
from cstalk_ue.take import RigCurves
from ingest.captured import Remark
from ingest.check import check_data_set
from ingest.check_json import check_json
from ingest.data_set import open_data_set, write_records
from ingest.data_set_tables import Failure, write_failures
from ingest.rules import ERROR, IGNORE, LEVELS, WARNING, Levels
from ingest.rules import RULES as KNOWN
from ingest.swap_sides import swap_face
from ingest.take_files import align_samples


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A written set without faults; not to be changed."""
    return make_set(tmp_path_factory.mktemp("clean"), clean_takes())


def told(result, *, also=()):
    """Codes of everything that is told, and of what else was asked for."""
    return {finding.code for finding in result.findings if finding.level != IGNORE or finding.code in also}


def check_changed(folder, change, *, rules=RULES, also=()):
    """Findings of the clean takes after `change` has edited the list of them."""
    takes = list(clean_takes())
    change(takes)
    result = check_data_set(make_set(folder, takes, rules=rules))
    return told(result, also=also), result


def named(result, code):
    return {name for finding in result.findings if finding.code == code for name in finding.takes}


def test_a_clean_set_has_no_findings_and_is_fit(clean):
    for deep in (False, True):
        result = check_data_set(clean, deep=deep)
        assert told(result) == set()
        assert result.fit
    assert len(result.takes) == 25
    assert result.coverage.emotions["sad"].takes == 5
    assert {pooled.verdict for pooled in result.sessions.values()} == {"agreed"}


def nothing_moves(values, names):
    return np.tile(control_defaults(), (len(values), 1))


def shut_mouth(values, names):
    values[
        :, [n for n, name in enumerate(names) if "jaw" in name or "LipRaise" in name or "LipDepress" in name]
    ] = 0
    return values


def shaken(values, names):
    moving = np.ptp(values, axis=0) > 1e-3
    return np.clip(values + np.random.default_rng(0).normal(0, 0.03, values.shape) * moving, -1, 1)


def pinned(values, names):
    values[:, names.index("CTRL_L_brow_raiseIn.ty")] = 1.0
    return values


def posed(values, names):
    values[:, names.index("CTRL_L_mouth_cornerPull.ty")] = np.maximum(
        values[:, names.index("CTRL_L_mouth_cornerPull.ty")], 0.5
    )
    return values


def dead_lids(values, names):
    values[:, [names.index(f"CTRL_{side}_eye_blink.ty") for side in "LR"]] = 0
    return values


FACES = {
    "still-face": nothing_moves,
    "still-mouth": shut_mouth,
    "jitter": shaken,
    "pinned": pinned,
    "posed-start": posed,
    "dead-controls": dead_lids,
}
CONSEQUENCES = {"still-face": {"dead-controls"}, "still-mouth": {"dead-controls"}}
"""What one fault makes besides."""


@pytest.mark.parametrize("code", FACES)
def test_a_fault_of_the_face_is_found_and_nothing_else(tmp_path, code):
    victim = 6 if code != "posed-start" else 5  # a neutral take of a line that does not begin at once

    def change(takes):
        takes[victim] = takes[victim].with_values(FACES[code])

    codes, result = check_changed(tmp_path, change)
    assert code in codes
    assert codes <= {code} | CONSEQUENCES.get(code, set())
    assert named(result, code) == {clean_takes()[victim].name}


def clipped(take):
    return np.clip(take.samples * 4, -0.6, 0.6)


def hissing(take):
    return take.samples + np.random.default_rng(0).normal(0, 0.04, len(take.samples)).astype(np.float32)


def telephone(take):
    spectrum = np.fft.rfft(take.samples)
    spectrum[np.fft.rfftfreq(len(take.samples), 1 / 16000) > 3000] = 0
    return np.fft.irfft(spectrum, len(take.samples)).astype(np.float32)


SOUNDS = {
    "no-sound": lambda take: None,
    "silent-sound": lambda take: np.zeros_like(take.samples),
    "quiet-sound": lambda take: take.samples * 0.01,
    "clipped-sound": clipped,
    "noisy-sound": hissing,
    "narrow-sound": telephone,
    "outlying-lag": lambda take: align_samples(take.samples, 0.25, take.face.frames),
}


@pytest.mark.parametrize("code", SOUNDS)
def test_a_fault_of_the_sound_is_found_and_nothing_else(tmp_path, code):
    def change(takes):
        takes[7] = replace(takes[7], samples=SOUNDS[code](takes[7]))

    codes, result = check_changed(tmp_path, change)
    assert codes == {code}
    assert named(result, code) == {clean_takes()[7].name}
    assert result.fit == (KNOWN[code].level != ERROR)


def test_a_mouth_open_in_silence_is_found(tmp_path):
    def change(takes):
        take = takes[7]
        held = np.tile(take.face.values[-1:], (45, 1))
        held[:, control_names().index("CTRL_C_jaw.ty")] = 0.5
        longer = take.with_head_frames(take.face.frames + 45).with_face(
            RigCurves(np.concatenate([take.face.values, held]), control_names(), 30.0)
        )
        takes[7] = replace(longer, samples=align_samples(take.samples, 0, take.face.frames + 45))

    assert check_changed(tmp_path, change)[0] == {"open-mouth"}


def test_takes_that_are_too_short_and_too_long_are_told(clean):
    rules = replace(RULES, shortest_seconds=4.0, longest_seconds=5.0)
    result = check_data_set(clean, rules=rules)
    assert told(result) == {"too-short", "too-long"}
    assert named(result, "too-long") == {take.name for take in result.takes if "letter" in take.name}


def test_lost_frames_and_clamped_channels_are_found(tmp_path):
    def change(takes):
        valid = np.ones(takes[3].face.frames, dtype=bool)
        valid[50:70] = False
        takes[3] = takes[3].with_face(RigCurves(takes[3].face.values, control_names(), 30.0, valid=valid))
        takes[4] = replace(takes[4], clamped={"EyeLookInLeft": 3, "JawOpen": 100})

    codes, result = check_changed(tmp_path, change)
    assert codes == {"lost-frames", "clamped"}
    assert "JawOpen" in next(f.text for f in result.findings if f.code == "clamped")


def test_remarks_of_readers_are_findings(tmp_path):
    def change(takes):
        takes[2] = replace(takes[2], remarks=(Remark("dropped-frames", "3 rows are missing"),))
        takes[3] = replace(takes[3], remarks=(Remark("never-heard-of", "something new"),))
        takes[4] = replace(takes[4], remarks=(Remark("clock-wrap", "passes midnight"),))

    assert check_changed(tmp_path, change)[0] == {"dropped-frames", "never-heard-of"}


def test_copies_are_told_apart_by_their_labels(tmp_path):
    def same(takes):
        takes.append(replace(takes[0], name="again"))

    codes, result = check_changed(tmp_path / "same", same)
    assert codes == {"copy"} and result.fit

    def other(takes):
        sad = replace(takes[0].labels, emotion=EmotionTrack.constant("sad"))
        takes.append(replace(takes[0], name="again", labels=sad))

    codes, result = check_changed(tmp_path / "other", other)
    assert codes == {"copy-other-label"} and not result.fit
    assert named(result, "copy-other-label") == {"again", clean_takes()[0].name}


def test_a_trimmed_copy_and_a_sound_used_twice_are_found(tmp_path):
    def trimmed(takes):
        take = takes[8]
        face = RigCurves(take.face.values[12:], control_names(), 30.0)
        samples = align_samples(take.samples, -12 / 30, face.frames)
        takes.append(replace(take.with_face(face), name="trimmed", samples=samples))

    codes, result = check_changed(tmp_path / "trimmed", trimmed)
    assert codes == {"partial-copy"}
    assert named(result, "partial-copy") == {"trimmed", clean_takes()[8].name}

    def sound(takes):
        takes[1] = replace(takes[1], samples=takes[2].samples)

    codes, result = check_changed(tmp_path / "sound", sound)
    assert codes == {"same-sound"}


def test_a_turned_take_is_suspected(tmp_path):
    """Faces that are lopsided in one way, and one of them the other way round."""
    scale = np.ones(185, dtype=np.float32)
    for number, name in enumerate(control_names()):
        if name.startswith("CTRL_L_mouth") and number % 3 == 0:
            scale[number] = 0.6

    def change(takes):
        takes[:] = [take.with_values(lambda values, names: values * scale) for take in takes]
        takes[9] = takes[9].with_face(swap_face(takes[9].face))

    codes, result = check_changed(tmp_path, change)
    assert codes == {"mirrored"}
    assert named(result, "mirrored") == {clean_takes()[9].name}


def test_two_solves_of_one_take_that_contradict_each_other_are_suspected(tmp_path):
    def change(takes):
        solve = takes[9].with_values(lambda values, names: np.clip(values * 0.8, -1, 1))
        turned = solve.with_face(swap_face(solve.face))
        takes.append(replace(turned, name="solve", source_format="metahuman-animator"))

    codes, result = check_changed(tmp_path, change)
    assert "mirrored" in codes
    assert named(result, "mirrored") == {"solve", clean_takes()[9].name}


def test_wrong_sound_throughout_makes_the_set_unfit(tmp_path):
    def change(takes):
        sounds = [take.samples for take in takes]
        for number, take in enumerate(takes):
            other = sounds[(number + 8) % len(takes)]
            takes[number] = replace(take, samples=align_samples(other, 0.1 * (number % 5), take.face.frames))

    codes, result = check_changed(tmp_path, change)
    assert "session-scattered" in codes
    assert not result.fit


def test_a_session_that_agrees_on_a_lag_is_told_once(tmp_path):
    def change(takes):
        takes[:] = [
            replace(take, samples=align_samples(take.samples, -0.15, take.face.frames)) for take in takes
        ]

    codes, result = check_changed(tmp_path, change)
    assert codes == {"session-lag"}
    (finding,) = (finding for finding in result.findings if finding.code == "session-lag")
    assert len(finding.takes) == 25
    assert "later than the sound" in finding.text


def test_what_is_missing_from_the_set_is_told(tmp_path):
    def change(takes):
        takes[:] = [take for take in takes if not take.name.endswith("angry")][:-1]

    codes, result = check_changed(tmp_path, change)
    assert codes == {"missing-emotion", "few-takes"}
    assert not result.fit
    empty = check_data_set(make_set(tmp_path / "empty", []))
    assert told(empty) == {"no-takes"}


def test_takes_that_are_used_for_nothing_are_named_and_not_judged(tmp_path):
    def change(takes):
        silent = replace(takes[0], name="odd", samples=None, labels=replace(takes[0].labels, emotion=None))
        takes.append(silent.with_values(nothing_moves))

    codes, result = check_changed(tmp_path, change)
    assert codes == {"excluded"}
    assert [record.name for record in result.excluded] == ["odd"]
    assert result.fit


def test_a_leak_between_the_splits_is_an_error(clean, tmp_path):
    folder = tmp_path / "leaky"
    shutil.copytree(clean.folder, folder)
    first = clean.records[0]
    moved = [
        replace(record, split="test" if record.split == "train" else "train")
        if record.name == first.name
        else record
        for record in clean.records
    ]
    write_records(folder, moved)
    result = check_data_set(open_data_set(folder))
    assert told(result) == {"split-leak"}
    write_records(folder, [replace(record, split="") for record in clean.records])
    assert told(check_data_set(open_data_set(folder))) == {"not-split"}


def test_damaged_files_are_found(clean, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(clean.folder, folder)
    names = [record.name for record in clean.records]
    (folder / "takes" / names[0] / "take.json").unlink()
    (folder / "takes" / names[1] / "take.json").write_text("{", encoding="utf-8")
    shutil.rmtree(folder / "takes" / names[2])
    facts = json.loads((folder / "takes" / names[3] / "take.json").read_text(encoding="utf-8"))
    write_json(
        folder / "takes" / names[3] / "take.json", {**facts, "quality": {"controls": {"minimum": "1 x"}}}
    )
    shutil.copytree(folder / "takes" / names[4], folder / "takes" / "stray")
    facts = json.loads((folder / "takes" / names[5] / "take.json").read_text(encoding="utf-8"))
    del facts["quality"]
    write_json(folder / "takes" / names[5] / "take.json", facts)
    write_failures(folder, [Failure("gone", "captures/gone", "", "holds no curves")])
    result = check_data_set(open_data_set(folder), rules=replace(RULES, target_per_emotion=0))
    assert told(result) == {"broken-take", "unlisted-take", "not-measured", "not-ingested"}
    assert named(result, "broken-take") == set(names[:4])
    assert named(result, "unlisted-take") == {"stray"}


def test_changed_files_are_found_in_a_deep_check_only(clean, tmp_path):
    folder = tmp_path / "changed"
    shutil.copytree(clean.folder, folder)
    name = clean.records[4].name
    sound = folder / "takes" / name / "audio.wav"
    data = bytearray(sound.read_bytes())
    data[-1] ^= 1
    sound.write_bytes(bytes(data))
    (folder / "takes" / clean.records[5].name / "curves.npz").unlink()
    data_set = open_data_set(folder)
    assert told(check_data_set(data_set)) == set()
    deep = check_data_set(data_set, deep=True)
    assert told(deep) == {"changed-take"}
    assert named(deep, "changed-take") == {name, clean.records[5].name}


def test_the_best_of_several_takes_is_the_one_with_the_fewest_faults(tmp_path):
    def change(takes):
        noisy = np.random.default_rng(5).normal(0, 1e-4, len(takes[0].samples)).astype(np.float32)
        second = replace(takes[0], name="second", samples=takes[0].samples + noisy,
                         labels=replace(takes[0].labels, take_number=2))  # fmt: skip
        second = second.with_values(lambda values, names: values * 0.93)
        third = second.with_values(lambda values, names: values * 0.97)
        takes.append(replace(third, name="third", samples=clipped(second)))
        takes.append(second)

    codes, result = check_changed(tmp_path, change, also={"retakes"})
    assert codes == {"retakes", "clipped-sound"}
    assert [[take.name for take in group] for group in result.retakes] == [
        ["second", clean_takes()[0].name, "third"]
    ]


def test_still_heads_and_lids_of_a_whole_set_are_told_once(tmp_path):
    def still(takes):
        for number, take in enumerate(takes):
            take = take.with_values(dead_lids)
            values = take.performance.head.values.copy()
            values[:, :6] = 0
            head = take.performance.head.replace(values=values)
            takes[number] = replace(take, performance=replace(take.performance, head=head))

    codes, result = check_changed(tmp_path, still)
    assert codes == {"no-head", "no-blinks"}
    assert len(result.of_level(WARNING)) == 2


def test_a_team_decides_what_counts(tmp_path):
    def change(takes):
        takes[7] = replace(takes[7], samples=clipped(takes[7]))

    takes = list(clean_takes())
    change(takes)
    data_set = make_set(tmp_path, takes)
    graver = check_data_set(data_set, rules=replace(RULES, errors=("clipped-sound",)))
    assert not graver.fit
    hidden = check_data_set(data_set, rules=replace(RULES, ignored=("clipped-sound",)))
    assert told(hidden) == set()
    milder = check_data_set(data_set, rules=replace(RULES, most_clipped_share=1.0))
    assert told(milder) == set()


def test_rules_name_findings_that_exist():
    with pytest.raises(ConfigError, match="Did you mean 'clipped-sound'"):
        Levels(replace(RULES, errors=("cliped-sound",)))
    for code, rule in KNOWN.items():
        assert rule.level in LEVELS and rule.meaning[-1] in ".?", code


def test_every_remark_of_a_reader_has_a_rule():
    """So that a team can name it before it occurs."""
    sources = sorted((Path(__file__).resolve().parents[2] / "ingest").glob("*.py"))
    codes = {
        code for path in sources for code in re.findall(r'\bRemark\(\s*"([a-z-]+)"', path.read_text("utf-8"))
    }
    assert len(codes) > 20
    assert codes - set(KNOWN) == set()


def test_the_result_is_json(clean):
    data = json.loads(json.dumps(check_json(check_data_set(clean)), allow_nan=False))
    assert data["fit"] is True
    assert len(data["controls"]) == 185
    assert data["coverage"]["emotions"]["angry"]["takes"] == 5
    assert [take["name"] for take in data["takes"]] == sorted(take.name for take in clean_takes())
    assert sum(row["takes"] for row in data["coverage"]["emotions"].values()) == 5 * len(EMOTIONS)
