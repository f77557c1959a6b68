"""Which frames of a curve need a key: a pass over the frames that keeps a promised accuracy.

A curve of one value per frame becomes keys joined by straight lines. `kept_frames` drops every frame that the
lines give back within the tolerance. Times are float32, as the engine stores them: ten minutes in, a frame
stands up to 0.03 ms beside its true time, and a steep line crosses more than the tolerance in that.
Knows nothing about `unreal`.
"""

import array


def frame_times(frames, fps):
    """Seconds of frames 0, 1, ... as the engine stores them, ``array('f')``."""
    return array.array("f", [frame / fps for frame in range(frames)])


def kept_frames(times, values, tolerance):
    """Indices of the frames to key, first and last always among them.

    Straight lines between the kept frames pass every frame at most `tolerance` away, but for the rounding of
    double precision (1e-12 of the largest value). A tolerance of 0 keeps all frames. One pass, linear time:
    from the last key it keeps the range of slopes that serve every frame since, and sets the next key one
    frame before that range would be left.
    """
    count = len(values)
    if tolerance <= 0 or count <= 2:
        return list(range(count))
    kept = [0]
    frames = zip(times, values)
    key_time, key_value = next(frames)
    lowest, highest = float("-inf"), float("inf")
    before_time, before_value = key_time, key_value
    for frame, (time, value) in enumerate(frames, 1):
        run, rise = time - key_time, value - key_value
        if lowest <= rise / run <= highest:
            low, high = (rise - tolerance) / run, (rise + tolerance) / run
            if low > lowest:
                lowest = low
            if high < highest:
                highest = high
        else:
            kept.append(frame - 1)
            key_time, key_value = before_time, before_value
            run, rise = time - key_time, value - key_value
            lowest, highest = (rise - tolerance) / run, (rise + tolerance) / run
        before_time, before_value = time, value
    kept.append(count - 1)
    return kept


def keys_of(times, values, tolerance):
    """Times and values of the keys to set, two ``array('f')``; the same arrays where all frames are kept."""
    kept = kept_frames(times, values, tolerance)
    if len(kept) == len(values):
        return times, values
    return (
        array.array("f", [times[frame] for frame in kept]),
        array.array("f", [values[frame] for frame in kept]),
    )
