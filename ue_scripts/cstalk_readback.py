"""What the editor gives back, compared with what was asked; and a fingerprint of it.

Curves are compared at every frame, not only at the keys, and all names without regard to case, since the
engine does not keep it. Knows nothing about `unreal`.
"""

import array
import hashlib
import math
import struct
import sys


def largest_error(times, values, key_times, key_values):
    """Largest distance between a curve of one value per frame and its keys joined by straight lines.

    Outside its keys a curve holds its first or last value; without keys it is 0. Infinite if a key is not a
    number.
    """
    if not len(key_times):
        return max(abs(min(values)), abs(max(values)))
    if not math.isfinite(sum(key_times) + sum(key_values)):
        return math.inf
    if key_times == times and key_values == values:
        return 0.0
    keys, count, worst = 0, len(key_times), 0.0
    start_time, start_value, slope, next_time = key_times[0], key_values[0], 0.0, key_times[0]
    for time, value in zip(times, values):
        while time >= next_time:
            start_time, start_value = key_times[keys], key_values[keys]
            keys += 1
            if keys < count:
                next_time = key_times[keys]
                slope = (key_values[keys] - start_value) / ((next_time - start_time) or 1.0)
            else:
                next_time, slope = math.inf, 0.0
        error = start_value + slope * (time - start_time) - value
        if error < 0:
            error = -error
        if error > worst:
            worst = error
    return worst


def content_hash(curves):
    """SHA-256 of curves given as (name, key times, key values), whatever their order and the case of names.

    Hashed are the names in lower case and the float32 bytes, so that what a file or an editor gives back
    unchanged has the same hash on every machine.
    """
    digest = hashlib.sha256()
    for name, times, values in sorted(curves, key=lambda curve: curve[0].lower()):
        digest.update(name.lower().encode("utf-8") + b"\0" + struct.pack("<I", len(times)))
        for numbers in (times, values):
            digest.update(_float32_bytes(numbers))
    return digest.hexdigest()


def _float32_bytes(numbers):
    numbers = array.array("f", numbers)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
