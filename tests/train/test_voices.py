"""Synthetic voices say when they say what, where their engines are installed."""

import shutil

import numpy as np
import pytest

from cstalk_ue.errors import CSTalkError
from cstalk_ue.performer.phones import phone_table
from cstalk_ue.train import voices

TEXT = "Bob pumped up my map."


def check_line(line) -> None:
    """Phones are known, ordered and inside the sound; the sound is speech at 16 kHz."""
    seconds = len(line.samples) / 16000
    assert 0.8 < seconds < 6 and line.samples.dtype == np.float32 and 0.02 < np.abs(line.samples).max() <= 1.1
    previous = 0.0
    for phone in line.phones:
        assert phone.phone in phone_table()
        assert previous - 1e-9 <= phone.start_seconds <= phone.end_seconds <= seconds + 0.05
        previous = phone.end_seconds
    spoken = [phone.phone for phone in line.phones if phone.phone != "SIL"]
    assert spoken.count("P") + spoken.count("B") + spoken.count("M") >= 8
    assert len(spoken) > 12


def test_flite_marks_its_phones():
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed (Debian: apt-get install flite)")
    slow, fast = (voices.speak_flite(TEXT, "slt", stretch=s) for s in (1.2, 0.85))
    check_line(slow)
    check_line(fast)
    assert len(slow.samples) > 1.2 * len(fast.samples)


def test_espeak_marks_its_phones():
    try:
        line = voices.speak_espeak(TEXT, "gmw/en-US", words_per_minute=150)
    except CSTalkError as error:
        pytest.skip(f"espeak-ng cannot be used here: {error}")
    check_line(line)
    with pytest.raises(CSTalkError, match="no voice"):
        voices.speak_espeak(TEXT, "no/such-voice")


def test_a_missing_flite_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(voices.shutil, "which", lambda name: None)
    with pytest.raises(CSTalkError, match="apt-get install flite"):
        voices.speak_flite(TEXT, "slt")
