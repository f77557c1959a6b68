"""Findings of a check: what each code means and how grave it is, which a team can change in dataset.toml.

    [rules]
    errors = ["clipped-sound"]      # makes the set unfit
    warnings = ["too-long"]         # is told
    ignored = ["posed-start"]       # is not told
    least_snr_db = 20.0             # and every threshold of CheckRules

What the readers remark (see captured.py) are findings too: warnings, if nothing else is said here. Measures
nothing (see quality.py) and reads nothing (see check.py).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cstalk_ue.errors import ConfigError
from cstalk_ue.rig import closest_name
from ingest.data_set_settings import CheckRules

ERROR, WARNING, IGNORE = "error", "warning", "ignore"
LEVELS = (ERROR, WARNING, IGNORE)
"""The gravest first."""


@dataclass(frozen=True)
class Rule:
    """What a code means.

    Attributes:
        level: one of `LEVELS`, unless dataset.toml says otherwise.
        meaning: one sentence.
    """

    level: str
    meaning: str


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or may be.

    Attributes:
        code: a key of `RULES`, or the code of a reader's remark.
        level: one of `LEVELS`, as the rules have it.
        takes: names of the takes it is about; empty if it is about the set.
        text: one sentence with the values.
    """

    code: str
    level: str
    takes: tuple[str, ...]
    text: str


RULES: Mapping[str, Rule] = {
    # The set
    "no-takes": Rule(ERROR, "The set has no take that is in use."),
    "missing-emotion": Rule(ERROR, "There is no take of one of the five emotions."),
    "few-takes": Rule(WARNING, "There are fewer takes of an emotion than target_per_emotion."),
    "not-split": Rule(WARNING, "Takes are in none of train, validation and test."),
    "split-leak": Rule(ERROR, "The same line by the same performer, or a copy of a take, is on two sides."),
    "retakes": Rule(IGNORE, "A line was taken several times in the same emotion; the best take is named."),
    "no-head": Rule(WARNING, "The head never moves in any take of a format; is its streaming off?"),
    "no-blinks": Rule(WARNING, "A performer does not blink once in a minute or more of takes."),
    # The folder of a take
    "broken-take": Rule(ERROR, "A take of takes.csv is missing, unfinished or damaged."),
    "unlisted-take": Rule(WARNING, "A folder below takes/ is not in takes.csv."),
    "changed-take": Rule(ERROR, "Curves or sound are not the ones that were written: the hash differs."),
    "not-measured": Rule(WARNING, "take.json holds no measures of quality; ingest the take again."),
    # Labels and copies
    "excluded": Rule(WARNING, "A take is used for nothing; the reason is in the text."),
    "not-ingested": Rule(WARNING, "A recording could not be ingested (failed.csv)."),
    "label-conflict": Rule(ERROR, "Sources of a label disagree."),
    "copy-other-label": Rule(ERROR, "The same recording is there under different labels."),
    "copy": Rule(WARNING, "The same recording is there twice under the same labels."),
    "partial-copy": Rule(WARNING, "A take's curves are a part of another's, or both have a part in common."),
    "same-sound": Rule(WARNING, "Takes with different curves come from the same sound file."),
    # The face
    "too-short": Rule(WARNING, "A take is shorter than shortest_seconds."),
    "too-long": Rule(WARNING, "A take is longer than longest_seconds."),
    "lost-frames": Rule(WARNING, "Fewer frames than least_valid_share were captured."),
    "still-face": Rule(ERROR, "No control moves."),
    "still-mouth": Rule(ERROR, "The mouth never opens by least_mouth_range."),
    "dead-controls": Rule(WARNING, "Controls that move in the performer's other takes are dead in this one."),
    "jitter": Rule(WARNING, "Half of the controls that move have more noise than most_noise."),
    "pinned": Rule(
        WARNING, "A control stands at an end of its range in over most_pinned_share of the frames."
    ),
    "clamped": Rule(WARNING, "A channel was outside its range in over most_clamped_share of the rows."),
    "posed-start": Rule(WARNING, "A neutral take begins over most_posed away from rest: not calibrated?"),
    "mirrored": Rule(WARNING, "Left and right may be exchanged; the evidence is in the text."),
    # The sound
    "no-sound": Rule(ERROR, "A take has no sound."),
    "silent-sound": Rule(ERROR, "The sound holds nothing but silence."),
    "quiet-sound": Rule(WARNING, "Speech is below least_active_dbfs."),
    "clipped-sound": Rule(WARNING, "More samples than most_clipped_share are cut off at the peak."),
    "noisy-sound": Rule(WARNING, "Speech is less than least_snr_db above the noise floor."),
    "narrow-sound": Rule(WARNING, "There is nothing above least_bandwidth_hz: telephone, or upsampled."),
    "cut-speech": Rule(IGNORE, "Speech begins in the first frame or goes on to the last: a word may be cut."),
    "open-mouth": Rule(WARNING, "The mouth stands open in silence for over most_open_mouth_seconds."),
    # Sync
    "session-lag": Rule(WARNING, "The takes of a session agree on a lag over most_lag_seconds."),
    "session-scattered": Rule(ERROR, "The lags of a session scatter: wrong sound, or no constant offset."),
    "outlying-lag": Rule(WARNING, "A take's lag is far from its session's, with confidence."),
    "no-lag": Rule(IGNORE, "Sync cannot be told from this take alone."),
    # Remarks of readers and labels
    "several-emotions": Rule(WARNING, "A name says several emotions; the take is not used."),
    "other-emotion": Rule(WARNING, "An emotion that is none of the five; the take is not used."),
    "pattern-unmatched": Rule(WARNING, "A name does not fit the pattern that was given."),
    "split-conflict": Rule(WARNING, "A manifest puts takes of one line on two sides."),
    "dropped-frames": Rule(WARNING, "The clock says that rows are missing."),
    "face-lost": Rule(WARNING, "Rows of the recording hold no face."),
    "cut-off": Rule(WARNING, "The file ends within a line."),
    "missing-columns": Rule(WARNING, "The table lacks usual columns; these controls rest."),
    "unknown-columns": Rule(WARNING, "The table has columns that nobody knows."),
    "unknown-curves": Rule(WARNING, "The solve has curves that nobody knows."),
    "curves-left-out": Rule(WARNING, "Curves move that the rigmap leaves out."),
    "columns-by-position": Rule(WARNING, "Columns without names were taken in the rigmap's order."),
    "uniform-clock": Rule(WARNING, "The timecodes are unusable; rows were spaced evenly."),
    "damaged-timecodes": Rule(WARNING, "Rows with an impossible timecode were left out."),
    "repeated-timecodes": Rule(WARNING, "Rows that repeat a timecode were left out."),
    "repeated-rows": Rule(WARNING, "Rows that are copies of another were left out."),
    "unordered-rows": Rule(WARNING, "Rows were out of order."),
    "gap-frames": Rule(IGNORE, "Frames lie in gaps and are not valid; see lost-frames."),
    "frame-count": Rule(WARNING, "take.json counts other frames than the curves have."),
    "frame-rate": Rule(WARNING, "Recorded at another rate than was set."),
    "start-timecode": Rule(WARNING, "take.json starts at another timecode than the curves."),
    "metadata": Rule(WARNING, "A file beside the curves cannot be read."),
    "frame-log": Rule(WARNING, "The frame log cannot be used, or not all of it."),
    "dropped-pictures": Rule(WARNING, "The frame log marks pictures as dropped."),
    "name": Rule(WARNING, "A name has white space or other than ASCII, which Unreal's importer refuses."),
    "ambiguous-name": Rule(WARNING, "The name can be read in two ways."),
    "name-conflict": Rule(WARNING, "take.json and the name of the file say different things."),
    "head-angles": Rule(WARNING, "Head angles are no radians; the head rests."),
    "head-signs": Rule(WARNING, "The phone was turned; head yaw and pitch may be reversed."),
    "head-still": Rule(IGNORE, "The head does not move in this take; see no-head."),
    "broken-audio": Rule(WARNING, "A sound cannot be read."),
    "no-audio": Rule(IGNORE, "There is no movie and no sound file; see no-sound."),
    "no-external-audio": Rule(WARNING, "Nothing in the folder of sounds belongs to this take."),
    "audio-start": Rule(WARNING, "Frame log and movie disagree about when the sound begins."),
    "audio-timecode": Rule(WARNING, "The timecode of a sound does not fit the take and was not used."),
    "clock-wrap": Rule(IGNORE, "The timecode passes midnight or 24 hours of uptime."),
    "timecode-form": Rule(IGNORE, "The timecode is written in an unusual form."),
    "unusual-frame-rate": Rule(IGNORE, "The frame rate is none of the usual ones."),
    "values-clamped": Rule(IGNORE, "Values were held to their range; see clamped."),
}
"""Every code with its level and meaning."""


class Levels:
    """The level of every code under a team's rules."""

    def __init__(self, rules: CheckRules, *, also_known: Collection[str] = ()) -> None:
        """Take over the lists of the rules.

        Args:
            rules: of the data set.
            also_known: codes of remarks that occur, beside those of `RULES`.

        Raises:
            ConfigError: a list names a code that is neither.
        """
        self._changed = {
            code: level
            for level, codes in zip(LEVELS, (rules.errors, rules.warnings, rules.ignored), strict=True)
            for code in codes
        }
        known = {*RULES, *also_known}
        unknown = [code for code in self._changed if code not in known]
        if unknown:
            raise ConfigError(
                f"rules: there is no finding {unknown[0]!r}.{closest_name(unknown[0], sorted(known))}"
            )

    def of(self, code: str) -> str:
        """One of `LEVELS`."""
        return self._changed.get(code) or (RULES[code].level if code in RULES else WARNING)

    def finding(self, code: str, takes: str | Iterable[str], text: str) -> Finding:
        """A finding at the level that the rules give its code."""
        return Finding(code, self.of(code), (takes,) if isinstance(takes, str) else tuple(takes), text)
