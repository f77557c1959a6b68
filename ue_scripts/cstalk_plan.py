"""What a curve file becomes in the editor: which curves, which keys, which flags.

Decides everything about a sequence before the engine is touched. Knows nothing about `unreal`.
"""

import array
import re

from cstalk_curves_file import CurvesFileError, read_curves_file
from cstalk_errors import ItemError
from cstalk_thin import frame_times, keys_of

FPS = 30
"""An existing sequence changes its rate only to a multiple or a divisor, so all are written at one."""
CURVE, SWITCH = 4, 16
"""Flags of a curve: AACF_EDITABLE and AACF_METADATA."""
RAW = "CTRL_expressions_"
SWITCHES = ("MHFDSVersion", "DisableFaceOverride")
"""Metadata curves that MetaHuman Animator adds; one key at the first frame."""
NOT_EMPTY = ("CTRL_expressions_noseWrinkleUpperL", "CTRL_expressions_noseWrinkleUpperR")
"""Curves that rest at 1: without keys, readers of the asset could take them for resting."""
MOST_FRAMES, MOST_CURVES = 1000000, 4000
"""Nine hours; past 72 hours float32 times no longer tell frames apart."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,128}", re.ASCII)
"""The engine stops at a name of 1024 characters and takes no other characters for granted."""


class Plan(object):
    """What one file becomes.

    Attributes:
        frames: animation frames, at 0, 1/30, ... s.
        curves: (name, flag, key times, key values) of every curve to write.
        dense: name -> one value per frame, to compare with; without the metadata switches.
        missing: expected names that the file lacks.
        clamped, outside: values held to 0..1, and values outside it, of the raw curves.
        provenance: where the file came from.

    Raises:
        ItemError: the file cannot be used.
    """

    def __init__(self, file, settings):
        read = read_checked(file)
        self.frames, self.start, self.provenance = read["frames"], read["start_seconds"], read["provenance"]
        self.times = frame_times(self.frames, FPS)
        self.dense, self.curves, self.clamped, self.outside = {}, [], 0, 0
        present = {name.lower() for name in read["curves"]}
        self.missing = [name for name in settings["expected"] if str(name).lower() not in present]
        for name, values in read["curves"].items():
            if name in SWITCHES or (not settings["head"] and name.startswith("Head")):
                continue
            self.dense[name] = values = self._in_range(name, values, settings["clamp"])
            self.curves.append((name, CURVE) + self._keys(name, values, settings))
        for name in SWITCHES:
            first = read["curves"].get(name, (1.0,))[0]
            self.curves.append((name, SWITCH, self.times[:1], array.array("f", [first])))

    def _in_range(self, name, values, clamp):
        """The values, counted where they leave 0..1, and held there if asked."""
        if not name.startswith(RAW) or (min(values) >= 0 and max(values) <= 1):
            return values
        count = sum(1 for value in values if not 0 <= value <= 1)
        self.outside += count
        if not clamp:
            return values
        self.clamped += count
        return array.array("f", [min(1.0, max(0.0, value)) for value in values])

    def _keys(self, name, values, settings):
        if any(values):
            return keys_of(self.times, values, settings["tolerance"])
        empty = settings["empty_zero_curves"] and name not in NOT_EMPTY
        ends = sorted({self.times[0], self.times[-1]}) if not empty else ()
        return array.array("f", ends), array.array("f", [0.0] * len(ends))

    def summary(self):
        """Fields of the result that are known before writing."""
        return {
            "frames": self.frames,
            "curves_written": 0,
            "missing": self.missing,
            "clamped": self.clamped,
            "outside_range": self.outside,
            "keys_written": sum(len(times) for _, flag, times, _ in self.curves if flag == CURVE),
            "keys_dense": self.frames * len(self.dense),
        }

    def remark(self):
        """The end of a message: what a person should know about the file."""
        told = "."
        if self.start:
            told += " The file begins at %g s; the sequence begins at 0." % self.start
        if self.missing:
            told += " %d expected curves are not in the file." % len(self.missing)
        return told


def read_checked(file):
    """A curve file that an AnimSequence can hold.

    Raises:
        ItemError: it cannot be read, or has another rate, other names or too much of anything.
    """
    try:
        read = read_curves_file(file)
    except CurvesFileError as error:
        raise ItemError(str(error)) from error
    if abs(read["fps"] - FPS) > 1e-6:
        raise ItemError(
            "%s: has %g fps; expected %d. Resample it before: convert the line with --fps %d."
            % (file, read["fps"], FPS, FPS)
        )
    names = list(read["curves"])
    if not 1 <= len(names) <= MOST_CURVES or read["frames"] > MOST_FRAMES:
        raise ItemError(
            "%s: holds %d curves of %d frames; expected 1 to %d of at most %d. Split the line."
            % (file, len(names), read["frames"], MOST_CURVES, MOST_FRAMES)
        )
    for name in names:
        if not _NAME.fullmatch(name):
            raise ItemError(
                "%s: curve name %.60s is not usable; expected letters, digits and _. Convert the line again."
                % (file, ascii(name))
            )
    if len({name.lower() for name in names}) < len(names):
        raise ItemError("%s: has a curve twice, in two spellings. Convert the line again." % file)
    return read
