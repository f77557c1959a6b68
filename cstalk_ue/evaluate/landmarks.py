"""Lip closure in millimetres on the landmark face (see face.py): what is seen, not what the controls say.

A p, b or m counts as closed if the largest opening between the inner lips, over the middle half of the mouth,
falls under 1 mm in some frame between the phone's start and end, one frame period allowed at either side. The
head is still.
"""

from collections.abc import Iterable

from cstalk_ue.evaluate.articulators import ClosureCount, closures_in
from cstalk_ue.face import face_motion
from cstalk_ue.face_measures import LIPS_CLOSED_MM, lip_gap
from cstalk_ue.performer.phones import TimedPhone
from cstalk_ue.take import RigCurves


def count_closures_mm(curves: RigCurves, phones: Iterable[TimedPhone]) -> ClosureCount:
    """Bilabials in which the lips of the landmark face close."""
    opening = lip_gap(face_motion(curves).points)
    return closures_in(opening, phones, fps=curves.fps, closed=LIPS_CLOSED_MM)
