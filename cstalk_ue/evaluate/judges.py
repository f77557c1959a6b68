"""Judges that the evaluations of a data set have in common: is the emotion seen, do regions move together?

Two judges of emotion, because one of them has trained some of the methods: the correlation module (paper,
II.B) supervises CSTalk, so its accuracy favours CSTalk. The other is trained here, on nothing but recordings
of the training takes, and has never been a loss of anything.
"""

from pathlib import Path

from cstalk_ue.evaluate.metrics import Judge
from ingest.data_set import DataSet


def make_judges(
    data_set: DataSet, correlation: Path | None = None, *, device: str = "cpu"
) -> tuple[Judge, ...]:
    """The separately trained judge where two emotions or more are labelled; the correlation module if given.

    Raises:
        CheckpointError: `correlation` is no correlation module, or one for other controls.
    """
    from cstalk_ue.evaluate.emotion_judge import train_emotion_judge

    judges: list[Judge] = []
    trained = train_emotion_judge(data_set)
    if trained is not None:
        judges.append(trained)
    if correlation is not None:
        from cstalk_ue.evaluate.score_judge import load_score_judge

        judges.append(load_score_judge(correlation, data_set, device=device))
    return tuple(judges)
