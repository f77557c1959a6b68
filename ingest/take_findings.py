"""What is wrong with one take by itself: its measures against the rules.

Every sentence gives the value found and the limit. Knows nothing about other takes (see set_findings.py).
"""

from collections.abc import Iterator

import numpy as np

from cstalk_ue.emotion import EMOTIONS, NEUTRAL
from cstalk_ue.rig import controls
from ingest.data_set_settings import CheckRules
from ingest.quality import is_seal
from ingest.rules import Finding, Levels
from ingest.sound_quality import OPEN_MOUTH
from ingest.take_summary import TakeSummary

_FREE_TO_STAY = ("eye", "eyelid", "eyelash", "switch", "tongue")
"""Regions whose controls may well stand at an end of their range: a shut eye, a tongue at rest."""

_ONSET_SECONDS = 0.2


def take_findings(take: TakeSummary, rules: CheckRules, levels: Levels) -> Iterator[Finding]:
    """Everything that is wrong with a take that is in use."""
    for remark in take.remarks:
        yield levels.finding(remark.code, take.name, remark.text)
    texts = _length(take, rules)
    if not take.quality:
        texts["not-measured"] = "take.json holds no measures"
    else:
        texts |= _face(take, rules)
    if not take.record.audio:
        texts["no-sound"] = "there is no sound"
    elif take.sound:
        texts |= _sound(take, rules)
    for code, text in texts.items():
        yield levels.finding(code, take.name, text)


def _length(take: TakeSummary, rules: CheckRules) -> dict[str, str]:
    record, found = take.record, {}
    if record.seconds < rules.shortest_seconds:
        found["too-short"] = f"{record.seconds:.2f} s, expected {rules.shortest_seconds:g} s or more"
    if record.seconds > rules.longest_seconds:
        found["too-long"] = f"{record.seconds:.2f} s, expected {rules.longest_seconds:g} s or less"
    share = record.valid_frames / record.frames if record.frames else 0.0
    if share < rules.least_valid_share:
        found["lost-frames"] = (
            f"{record.frames - record.valid_frames} of {record.frames} frames lie in gaps, "
            f"expected {1 - rules.least_valid_share:.0%} or less"
        )
    return found


def _face(take: TakeSummary, rules: CheckRules) -> dict[str, str]:
    face, found = take.face, {}
    if face["constant"] == len(controls()):
        return {"still-face": "no control moves"}
    if face["mouth_range"] < rules.least_mouth_range:
        found["still-mouth"] = (
            f"the mouth opens by {face['mouth_range']:.3f}, expected {rules.least_mouth_range:g} or more"
        )
    if face["noise"] > rules.most_noise:
        found["jitter"] = f"noise of {face['noise']:.4f} per frame, expected {rules.most_noise:g} or less"
    if pinned := pinned_controls(take, rules.most_pinned_share):
        worst, share = pinned[0]
        others = f" and {len(pinned) - 1} more" if len(pinned) > 1 else ""
        found["pinned"] = f"{worst} stands at an end of its range in {share:.0%} of the frames{others}"
    rows = max(take.captured_frames, 1)
    outside = {name: count / rows for name, count in take.clamped.items()}
    if outside and max(outside.values()) > rules.most_clamped_share:
        worst = max(outside, key=lambda name: outside[name])
        found["clamped"] = f"{worst} was outside its range in {min(outside[worst], 1):.0%} of the rows"
    opening = face["opening"]
    # A mouth that is about to speak is not at rest.
    speaks = take.sound.get("speech_seconds", (1.0,))[0] < _ONSET_SECONDS
    neutral = take.record.emotion_class == EMOTIONS[NEUTRAL]
    if neutral and not speaks and opening["value"] > rules.most_posed:
        found["posed-start"] = f"{opening['control']} is {opening['value']:.2f} from rest in the first frames"
    return found


def pinned_controls(take: TakeSummary, most_share: float) -> list[tuple[str, float]]:
    """Controls that stand at an end of their range in over that share of the frames, the worst first."""
    shares = take.statistics["clipped"]
    found = [
        (control.name, float(share))
        for control, share in zip(controls(), shares, strict=True)
        if share > most_share and control.region not in _FREE_TO_STAY and not is_seal(control)
    ]
    return sorted(found, key=lambda each: -each[1])


def _sound(take: TakeSummary, rules: CheckRules) -> dict[str, str]:
    sound, found = take.sound, {}
    if sound["active_dbfs"] is None:
        return {"silent-sound": "there is nothing but silence"}
    limits = (
        ("quiet-sound", "active_dbfs", rules.least_active_dbfs, "speech at {:.1f} dBFS"),
        ("noisy-sound", "snr_db", rules.least_snr_db, "speech is {:.1f} dB above the noise"),
        ("narrow-sound", "bandwidth_hz", rules.least_bandwidth_hz, "nothing above {:.0f} Hz"),
    )
    for code, key, least, text in limits:
        if sound[key] < least:
            found[code] = f"{text.format(sound[key])}, expected {least:g} or more"
    if sound["clipped_share"] > rules.most_clipped_share:
        found["clipped-sound"] = (
            f"{sound['clipped_share']:.3%} of the samples are cut off at {sound['peak']:.2f}, "
            f"expected {rules.most_clipped_share:.3%} or less"
        )
    first, last = sound["speech_seconds"]
    if first == 0 or last >= round(take.record.seconds, 3):
        found["cut-speech"] = f"sound from {first:.2f} to {last:.2f} of {take.record.seconds:.2f} s"
    if sound["open_mouth_in_silence_seconds"] > rules.most_open_mouth_seconds:
        found["open-mouth"] = (
            f"the mouth is open by over {OPEN_MOUTH:g} for {sound['open_mouth_in_silence_seconds']:.2f} s "
            f"of silence, expected {rules.most_open_mouth_seconds:g} s or less"
        )
    if take.lag.confidence < rules.least_lag_confidence:
        found["no-lag"] = f"confidence {take.lag.confidence:.2f}"
    return found


def dead_controls(take: TakeSummary, ranges: np.ndarray) -> list[str]:
    """Controls that rest in this take while `ranges` (185,), usual for the performer, says that they move."""
    span = take.statistics["maximum"] - take.statistics["minimum"]
    return [c.name for c, moved, usual in zip(controls(), span, ranges, strict=True) if moved < 1e-3 < usual]
