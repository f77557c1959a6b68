"""Every error a user can meet, as one tree.

    CSTalkError
    ├── UsageError            the call itself is wrong (exit code 2)
    │   ├── EmotionError      an emotion or emotion track cannot be read
    │   ├── ConfigError       a settings file has unknown keys or bad values
    │   └── ManifestError     a manifest cannot be read; of one bad line, what is wrong with it
    ├── AudioError            a sound file cannot be used
    ├── CurveFormatError      a curve file, or a table of curves, is malformed
    ├── DataSetError          a data set, or a take of one, is missing, unfinished or damaged
    ├── RigError              a control, region or rig table is unknown or inconsistent
    ├── DnaError              a DNA file is missing, damaged or of an unknown version
    ├── PhoneError            timed phones cannot be read or do not fit the audio
    ├── CheckpointError       a checkpoint is missing, foreign, damaged or does not fit
    ├── EncoderError          the weights of a speech encoder cannot be had
    ├── TrainingError         a training run cannot start, go on or be resumed
    ├── ExportError           an output cannot be written
    └── UnrealError           an Unreal editor cannot be used as asked
        ├── EditorNotFoundError   no editor answers, or not exactly one fits
        ├── EditorTimeoutError    the editor did not connect or answer in time
        ├── EditorProtocolError   the connection broke, or the answer cannot be understood
        └── EditorScriptError     the editor ran what it was sent, and that failed

A message is one sentence or two: the file, the value found, the value expected, the remedy.
The command line turns any of these into one line on standard error.
"""


class CSTalkError(Exception):
    """Base of everything this package raises on purpose."""


class UsageError(CSTalkError):
    """The call is wrong; nothing was attempted."""


class EmotionError(UsageError):
    """An emotion expression cannot be read."""


class ConfigError(UsageError):
    """Settings are wrong; all faults are listed together."""


class ManifestError(UsageError):
    """A manifest, or one line of it, is wrong."""


class AudioError(CSTalkError):
    """A sound file cannot be used."""


class CurveFormatError(CSTalkError):
    """Curves are malformed: shape, names, frame rate or file format."""


class DataSetError(CSTalkError):
    """A data set, or a take of one, cannot be used as it lies on disk."""


class RigError(CSTalkError):
    """A control name or a rig table is unknown or inconsistent."""


class DnaError(CSTalkError):
    """A DNA file is missing, damaged, of an unknown version, or lacks what is asked of it."""


class PhoneError(CSTalkError):
    """Timed phones cannot be read or do not fit their audio."""


class CheckpointError(CSTalkError):
    """A checkpoint is missing, damaged, of another format or does not fit the model."""


class EncoderError(CSTalkError):
    """The weights of a speech encoder are not to be had."""


class TrainingError(CSTalkError):
    """A training run cannot start, go on or be resumed."""


class ExportError(CSTalkError):
    """An output cannot be written."""


class UnrealError(CSTalkError):
    """An Unreal editor cannot be used as asked: no adapter, a closed connection, too large a command."""


class EditorNotFoundError(UnrealError):
    """No editor answers, or not exactly one of them fits."""


class EditorTimeoutError(UnrealError):
    """The editor did not connect or answer in time; the connection is closed."""


class EditorProtocolError(UnrealError):
    """The connection to the editor broke, or its answer cannot be understood; the connection is closed."""


class EditorScriptError(UnrealError):
    """The editor ran what it was sent, and that failed there."""
