"""Timed phones -> articulators: dominance functions, and contacts that are really made.

Each phone asks each articulator for a target with a dominance that decays exponentially before and after
the phone (Cohen & Massaro 1993, after Löfqvist 1990); the articulator goes to the dominance-weighted mean.
Lead and lag times per phone class and articulator are in tables/articulation.csv: rounding starts earliest
(Bell-Berti & Harris 1982; Perkell & Matthies 1992), lip and tongue-tip contacts are short, tongue-only
phones leave the lips to their neighbours and sibilants close the jaw (Edwards et al. 2016, JALI).
Weighted means undershoot, so lip closure on p b m and lip-teeth contact on f v are then enforced.

Shape key: F frames, P phones, A articulators. Knows nothing about controls (see perform.py).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from cstalk_ue.performer.phones import SILENCE, TimedPhone, phone_table, read_table

ARTICULATORS: tuple[str, ...] = (
    "jaw", "together", "press", "bite", "round", "funnel", "spread", "upper", "lower",
    "tip", "tongue_out", "back", "front", "low", "puff",
)  # fmt: skip
"""Columns of every articulator array; each runs from 0 (rest) to 1."""

_BLOCK_SECONDS = 8.0
_REACH_SECONDS = 0.9
_CORE = 0.2  # share of a phone at either end that belongs to the transition
_LONGEST_TRANSITION_SECONDS = 0.03
_CONTACT_LEAD_SECONDS, _CONTACT_LAG_SECONDS = 0.07, 0.06
_SHARPNESS = 1.4  # exponent of the decay; 1 is Cohen & Massaro's, which blurs at speaking rate
_BACKGROUND = 0.004  # keeps the mean defined far from any phone


def articulate(
    phones: Sequence[TimedPhone], frames: int, fps: float, *, effort: np.ndarray | None = None
) -> np.ndarray:
    """Articulator positions over time, ``(frames, articulators)`` float32 in 0..1.

    Args:
        phones: the line; times outside the phones count as silence.
        frames, fps: the frames wanted, frame k at k / fps seconds.
        effort: ``(frames,)`` 0..1 vocal effort; vowels open the jaw 0.8 to 1.2 times their target with it.
    """
    phones = _fill_gaps(phones, frames / fps)
    target, dominance, lead, lag, vowel = _phone_arrays(phones)
    starts = np.array([p.start_seconds for p in phones])
    ends = np.array([p.end_seconds for p in phones])
    if effort is not None:
        middle = np.minimum(((starts + ends) / 2 * fps).astype(np.int64), frames - 1)
        target = target.copy()
        target[:, 0] *= np.where(vowel, 0.8 + 0.4 * effort[middle], 1.0)
    positions = np.empty((frames, len(ARTICULATORS)), dtype=np.float32)
    block = max(1, round(_BLOCK_SECONDS * fps))
    for first in range(0, frames, block):
        times = np.arange(first, min(first + block, frames)) / fps
        near = slice(
            int(np.searchsorted(ends, times[0] - _REACH_SECONDS)),
            int(np.searchsorted(starts, times[-1] + _REACH_SECONDS, side="right")),
        )
        positions[first : first + len(times)] = _blend(
            times, starts[near], ends[near], target[near], dominance[near], lead[near], lag[near]
        )
    _enforce_contacts(positions, phones, fps)
    return positions


def _blend(
    times: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    target: np.ndarray,
    dominance: np.ndarray,
    lead: np.ndarray,
    lag: np.ndarray,
) -> np.ndarray:
    """Dominance-weighted mean of the phones' targets at `times`: ``(F, A)``."""
    # Capped, or the mouth would open earlier the longer the pause before.
    core = np.minimum(_CORE * (ends - starts), _LONGEST_TRANSITION_SECONDS)
    before = np.maximum(0, (starts + core)[None] - times[:, None])  # (F, P)
    after = np.maximum(0, times[:, None] - (ends - core)[None])  # (F, P)
    decay = np.exp(-((before[..., None] / lead + after[..., None] / lag) ** _SHARPNESS))  # (F, P, A)
    weight = decay * dominance  # (F, P, A)
    return np.asarray((weight * target).sum(axis=1) / (weight.sum(axis=1) + _BACKGROUND))


def _enforce_contacts(positions: np.ndarray, phones: Sequence[TimedPhone], fps: float) -> None:
    """Hold lip closure through p b m and lip-teeth contact through f v, for at least one whole frame."""
    for phone in phones:
        row = phone_table()[phone.phone]
        kind = row["class"]
        if kind not in ("bilabial", "labiodental"):
            continue
        articulator, target = ("together", 1.0) if kind == "bilabial" else ("bite", float(row["bite"]))
        start, end = phone.start_seconds, phone.end_seconds
        if phone.phone != "M":
            end -= 0.2 * (end - start)  # the release belongs to the phone, the contact does not
        spare = max(0.0, 1 / fps - (end - start)) / 2
        start, end = start - spare, end + spare
        first = max(0, int(np.floor((start - _CONTACT_LEAD_SECONDS) * fps)))
        last = min(len(positions), int(np.ceil((end + _CONTACT_LAG_SECONDS) * fps)) + 1)
        times = np.arange(first, last) / fps
        ramp = np.minimum(
            1 - (start - times) / _CONTACT_LEAD_SECONDS, 1 - (times - end) / _CONTACT_LAG_SECONDS
        )
        ramp = np.clip(ramp, 0, 1)
        ramp = ramp * ramp * (3 - 2 * ramp)
        column = ARTICULATORS.index(articulator)
        positions[first:last, column] = np.maximum(positions[first:last, column], target * ramp)
        if kind == "bilabial":
            # Lips that touch cannot also be drawn apart.
            for name in ("upper", "lower"):
                apart = ARTICULATORS.index(name)
                positions[first:last, apart] *= 1 - 0.9 * ramp


def _fill_gaps(phones: Sequence[TimedPhone], duration: float) -> list[TimedPhone]:
    """The phones with silence wherever nothing is said, from 0 to the end of the line."""
    filled: list[TimedPhone] = []
    clock = 0.0
    for phone in phones:
        if phone.start_seconds > clock + 0.02:
            filled.append(TimedPhone(SILENCE, clock, phone.start_seconds))
        if phone.end_seconds > phone.start_seconds:
            filled.append(phone)
        clock = max(clock, phone.end_seconds)
    if duration > clock:
        filled.append(TimedPhone(SILENCE, clock, duration))
    return filled


def _phone_arrays(phones: Sequence[TimedPhone]) -> tuple[np.ndarray, ...]:
    """Targets, dominances, leads and lags ``(P, A)``, and which phones are vowels ``(P,)``."""
    names, table, vowel = _tables()
    rows = np.array([names[p.phone] for p in phones])
    return (*(array[rows] for array in table), vowel[rows])


@cache
def _tables() -> tuple[dict[str, int], tuple[np.ndarray, ...], np.ndarray]:
    phones = phone_table()
    names = {name: row for row, name in enumerate(phones)}
    target = np.array([[float(row[a]) for a in ARTICULATORS] for row in phones.values()])
    settings = {(row["class"], row["articulator"]): row for row in read_table("articulation.csv")}
    columns = {
        key: np.array(
            [
                [
                    float(settings.get((row["class"], a), settings[(row["class"], "*")])[key])
                    for a in ARTICULATORS
                ]
                for row in phones.values()
            ]
        )
        for key in ("dominance", "lead_seconds", "lag_seconds")
    }
    vowel = np.array([row["vowel"] == "1" for row in phones.values()])
    return names, (target, columns["dominance"], columns["lead_seconds"], columns["lag_seconds"]), vowel
