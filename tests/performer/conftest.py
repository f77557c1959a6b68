"""Real lines and their performances, made once for all tests of the performer."""

import pytest
from performer_lines import Line, join, read_real_lines

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.performer import Liveliness
from cstalk_ue.take import FacePerformance


@pytest.fixture(scope="session")
def real_lines() -> list[Line]:
    """One line each of 15 speakers, 1 to 9 seconds long."""
    return read_real_lines(15)


@pytest.fixture(scope="session")
def performances(real_lines: list[Line]) -> dict[str, list[FacePerformance]]:
    """Every real line in every emotion at 30 fps, with blinks, gaze and head; seed is the line's number."""
    return {
        emotion: [line.act(emotion, life=Liveliness(seed=seed)) for seed, line in enumerate(real_lines)]
        for emotion in EMOTIONS
    }


@pytest.fixture(scope="session")
def long_line(real_lines: list[Line]) -> Line:
    """Five minutes of real speech."""
    return join(real_lines, 300)
