"""What each control does to the head's points, in mm at full value, and which controls seal the lips.

Sizes follow the joint motions of a MetaHuman's ARKit poses (SOURCES.md); directions follow anatomy. The left
side is written down, the right one is its mirror image. Standard library only; see build_face.py.
"""

from collections.abc import Callable, Iterator

from rigmaps.face.eyes import brows, lids
from rigmaps.face.fields import Half, mirrored
from rigmaps.face.jaw import jaw_and_neck, teeth, tongue
from rigmaps.face.lips import lips
from rigmaps.face.mouth import mouth
from rigmaps.face.nose import cheeks, nose
from rigmaps.face.shape import smooth


def all_fields() -> Iterator[Half]:
    """Every half of a control that moves points; the rules of face.py add to them."""
    for part in (brows, lids, nose, cheeks, mouth, lips, jaw_and_neck):
        for control, sign, field in part():
            yield control, sign, field
            if control.startswith("CTRL_L_"):
                # Both eyes look left at 1.
                other = {"+": "-", "-": "+"}[sign] if control == "CTRL_L_eye.tx" else sign
                yield control.replace("CTRL_L_", "CTRL_R_"), other, mirrored(field)
    yield from tongue()
    yield from teeth()


def seals() -> Iterator[tuple[str, str, Callable[[float], float]]]:
    """(control, lip, share over s): how far a control closes whatever gap there is at s of the mouth."""
    for side, sign in (("L", 1.0), ("R", -1.0)):

        def half(s: float, sign: float = sign) -> float:
            return smooth(-0.25, 0.25, sign * s)

        def at(place: float, width: float, sign: float = sign) -> Callable[[float], float]:
            return lambda s: max(0.0, 1 - ((sign * s - place) / width) ** 2) ** 2

        for lip, end in (("upper", "U"), ("lower", "D")):
            name = f"CTRL_{side}_mouth_"
            yield f"{name}lipsTogether{end}.ty", lip, half
            yield f"{name}towards{end}.ty", lip, lambda s, h=half: 0.3 * h(s)
            yield f"{name}press{end}.ty", lip, lambda s, h=half: 0.5 * h(s)
            yield f"{name}lipsPressU.ty", lip, lambda s, h=half: 0.7 * h(s)
            yield f"{name}stretchLipsClose.ty", lip, half
            yield f"{name}lipSticky.ty", lip, half
            yield f"{name}stickyInner{end}.ty", lip, at(0.4, 0.4)
            yield f"{name}stickyOuter{end}.ty", lip, at(0.8, 0.45)
    for lip, end in (("upper", "U"), ("lower", "D")):
        yield f"CTRL_C_mouth_sticky{end}.ty", lip, lambda s: max(0.0, 1 - (s / 0.4) ** 2) ** 2
