"""A solved take as JSON, in the form that the ``ingest`` part of the package reads.

``{"metadata": {"sequenceLengthSeconds": ..., "numFrames": ..., "fps": ..., "audio": ...}, "curves": {name:
{"t": [...], "v": [...]}}}``: one key per frame, frame k at k / fps, so that the file says all there is. A
curve that stays at one value has a key at either end; one without keys in the editor has none here. Knows
nothing about `unreal`.
"""

import math

FORMAT_TAG = "cstalk-animator-dump/1"
RAW = "ctrl_expressions_"


def dump_of(curves, frames, fps, metadata):
    """The dump of one take.

    Args:
        curves: name -> one value per frame, or an empty sequence where the editor has no keys.
        metadata: what else to say about the take; plain JSON.
    """
    about = dict(metadata, format=FORMAT_TAG, fps=fps, numFrames=frames, sequenceLengthSeconds=frames / fps)
    seconds = [frame / fps for frame in range(frames)]
    return {"metadata": about, "curves": {name: _keys(seconds, values) for name, values in curves.items()}}


def _keys(seconds, values):
    numbers = [float("%.9g" % value) for value in values]  # 9 digits give a float32 back exactly
    if not numbers:
        return {"t": [], "v": []}
    if numbers.count(numbers[0]) == len(numbers):
        last = min(2, len(numbers))
        return {"t": [seconds[0], seconds[-1]][:last], "v": numbers[:last]}
    return {"t": seconds, "v": numbers}


def on_frames(times, frames, fps):
    """Whether keys are one per frame already, as close as float32 times can be."""
    if len(times) != frames:
        return False
    slack = 0.01 / fps
    return all(math.fabs(time - frame / fps) < slack for frame, time in enumerate(times))
