"""Motion of the nose and the cheeks.

Standard library only.
"""

from collections.abc import Iterator

from rigmaps.face.fields import LOWER_LID_SKIN, Half, both, push


def nose() -> Iterator[Half]:
    wing = (15.0, -44.0, 20.0)
    yield (
        "CTRL_L_nose.ty",
        "+",
        both(
            push(wing, (15, 16, 30), (0.5, 5.0, -0.8)),
            push((9, -8, 13), (14, 26, 30), (-0.6, 3.2, 1.0)),
            push((16, -62, 22), (17, 14, 30), (0.6, 8.0, -0.5)),
            push((10, 19, 18), (19, 16, 30), (-1.0, -5.0, 0.5)),
            push((22, -16, 12), (16, 16, 30), (-0.8, 3.2, 1.0), LOWER_LID_SKIN),
        ),
    )
    yield "CTRL_L_nose.ty", "-", push(wing, (13, 13, 30), (0.0, -2.6, 0.0))
    yield "CTRL_L_nose.tx", "+", push(wing, (10, 12, 16), (2.8, 0.4, -0.4))
    yield "CTRL_L_nose.tx", "-", push(wing, (10, 12, 16), (-2.2, -0.2, 0.2))
    yield "CTRL_L_nose_wrinkleUpper.ty", "-", push((8, 4, 12), (12, 14, 30), (0.3, 0.6, -0.3))
    yield (
        "CTRL_L_nose_nasolabialDeepen.ty",
        "+",
        both(
            push((22, -47, 14), (8, 16, 30), (-0.8, 0.6, -2.0)),
            push((31, -45, 12), (13, 18, 30), (-0.6, 0.8, 1.6)),
        ),
    )


def cheeks() -> Iterator[Half]:
    yield "CTRL_L_mouth_suckBlow.ty", "+", push((42, -64, 4), (36, 34, 60), (10.0, 0.0, 10.0))
    yield "CTRL_L_mouth_suckBlow.ty", "-", push((41, -60, 4), (28, 30, 50), (-6.0, 0.5, -5.5))
    yield (
        "CTRL_L_mouth_lipsBlow.ty",
        "+",
        both(
            push((12, -60, 22), (22, 9, 30), (0.5, 0.5, 6.5)),
            push((12, -87, 18), (24, 10, 30), (0.5, -0.5, 6.5)),
        ),
    )
