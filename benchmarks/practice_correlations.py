"""Practice data: do correlations tell emotions apart, and how much of a face does its sound tell?

    python benchmarks/practice_correlations.py PRACTICE_SET [--speech ../shared/data/speech_train]

First: a ridge classifier on the correlation matrix between controls of a take (means and sizes taken out),
trained without one performer and tried on that performer; the same takes with every region of the face
taken from another take of the same emotion. Second, with --speech: takes are made again many times with the
same sound and label and other hidden motion; what they have in common is the most that a model of sound and
label can predict.
"""

import argparse
from pathlib import Path

import numpy as np

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.rig import controls
from cstalk_ue.train.corpus import read_corpus
from cstalk_ue.train.practice_takes import PracticeSettings, perform_practice, perform_take, plan_takes
from ingest.data_set import open_data_set

_RIDGE = 100.0
_MOVES = 0.02
_WINDOW, _STRIDE = 96, 48
_DRAWS, _EVERY = 24, 12
REGIONS = ("brow", "eyelid", "eye", "cheek", "nose", "mouth", "lips", "jaw", "tongue")


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_set", type=Path)
    parser.add_argument("--speech", type=Path)
    options = parser.parse_args()
    separation(options.data_set)
    if options.speech:
        ceiling(options.speech)


def separation(folder: Path) -> None:
    """Emotions by correlations between controls."""
    data_set = open_data_set(folder)
    statistics = data_set.require_statistics()
    columns = np.flatnonzero(statistics.kept & (statistics.std > _MOVES))
    faces = [take.performance.face.values for take in data_set.read_all(data_set.records, audio=False)]
    labels = np.array([EMOTIONS.index(record.emotion_class) for record in data_set.records])
    performers = np.array([record.performer for record in data_set.records])
    random = np.random.default_rng(0)
    broken = [shuffled(faces, labels, index, random) for index in range(len(faces))]
    whole = np.stack([correlations(face[:, columns]) for face in faces])
    apart = np.stack([correlations(face[:, columns]) for face in broken])
    print(f"{len(faces)} takes, {len(columns)} controls, tried on a performer left out of training:")
    print(f"  whole takes                                  {accuracy(whole, labels, performers, whole):.3f}")
    print(f"  regions shuffled within the emotion          {accuracy(whole, labels, performers, apart):.3f}")
    upper = np.isin([control.region for control in controls()], ("brow", "eyelid", "eye"))[columns]
    first, second = np.triu_indices(len(columns), 1)
    between = upper[first] != upper[second]
    told = accuracy(whole[:, between], labels, performers, whole[:, between])
    lost = accuracy(whole[:, between], labels, performers, apart[:, between])
    print(f"  only between upper and lower face            {told:.3f}, shuffled {lost:.3f}")
    windows, window_labels, window_performers = [], [], []
    for face, label, performer in zip(faces, labels, performers, strict=True):
        for start in range(0, len(face) - _WINDOW + 1, _STRIDE):
            windows.append(correlations(face[start : start + _WINDOW, columns]))
            window_labels.append(label)
            window_performers.append(performer)
    told = accuracy(
        np.stack(windows), np.array(window_labels), np.array(window_performers), np.stack(windows)
    )
    print(f"  windows of {_WINDOW} frames                         {told:.3f}")
    both = np.concatenate([whole, apart])
    real = np.repeat([0, 1], len(faces))
    told = accuracy(both, real, np.tile(performers, 2), both)
    print(f"  whole against shuffled takes                 {told:.3f}")


def correlations(values: np.ndarray) -> np.ndarray:
    """Upper triangle of the correlation matrix of ``(frames, controls)``."""
    centred = values - values.mean(axis=0)
    unit = centred / (values.std(axis=0) + 0.005)  # what hardly moves shall not count
    return (unit.T @ unit / len(values))[np.triu_indices(values.shape[1], 1)]


def shuffled(
    faces: list[np.ndarray], labels: np.ndarray, index: int, random: np.random.Generator
) -> np.ndarray:
    """A take in which every region comes from another take of its emotion."""
    regions = np.array([control.region for control in controls()])
    frames = len(faces[index])
    values = np.empty_like(faces[index])
    for region in sorted(set(regions)):
        other = faces[random.choice(np.flatnonzero(labels == labels[index]))]
        own = regions == region
        values[:, own] = other[np.arange(frames) % len(other)][:, own]
    return values


def accuracy(known: np.ndarray, labels: np.ndarray, performers: np.ndarray, tried: np.ndarray) -> float:
    """Share of `tried` told right by a ridge classifier that did not see their performer."""
    shares = []
    classes = np.eye(labels.max() + 1)
    for performer in sorted(set(performers)):
        train = performers != performer
        mean = known[train].mean(axis=0)
        centred = known[train] - mean
        target = classes[labels[train]] - classes[labels[train]].mean(axis=0)
        weights = np.linalg.solve(centred @ centred.T + _RIDGE * np.eye(len(centred)), target)
        scores = (tried[~train] - mean) @ centred.T @ weights
        shares.append((scores.argmax(axis=1) == labels[~train]).mean())
    return float(np.mean(shares))


def ceiling(speech: Path) -> None:
    """Share of the variance that the label, and the sound with the label and the performer, determine."""
    settings = PracticeSettings()
    plans = plan_takes(read_corpus(speech), settings)[::_EVERY]
    faces, expected = [], []
    for plan in plans:
        take = perform_take(plan)
        assert take.labels.emotion is not None
        draws = np.zeros(take.performance.face.values.shape)
        for draw in range(_DRAWS):
            draws += perform_practice(
                take.phones,
                take.samples,
                take.labels.emotion,
                performer=plan.performer,
                settings=settings,
                random=np.random.default_rng([5, draw, plan.number]),
            ).face.values
        faces.append(take.performance.face.values.astype(np.float64))
        expected.append(draws / _DRAWS)
    everything = np.concatenate(faces)
    emotions = np.concatenate([np.full(len(f), p.emotion) for f, p in zip(faces, plans, strict=True)])
    by_label = np.empty_like(everything)
    for emotion in EMOTIONS:
        by_label[emotions == emotion] = everything[emotions == emotion].mean(axis=0)
    total = ((everything - everything.mean(axis=0)) ** 2).sum(axis=0)
    label = ((everything - by_label) ** 2).sum(axis=0)
    # The mean of the draws has an error of its own, a draw's variance over their number.
    sound = ((everything - np.concatenate(expected)) ** 2).sum(axis=0) / (1 + 1 / _DRAWS)
    print(f"\nShare of variance that can be known, {len(plans)} takes, {_DRAWS} draws:")
    print(f"  {'region':<10}{'controls':>9}{'label':>8}{'sound too':>11}{'within an emotion':>19}")
    moves = everything.std(axis=0) > _MOVES
    for region in REGIONS:
        own = moves & np.array([control.region == region for control in controls()])
        shares = (1 - (label / total)[own].mean(), 1 - (sound / total)[own].mean())
        print(
            f"  {region:<10}{own.sum():>9}{shares[0]:>8.2f}{shares[1]:>11.2f}"
            f"{1 - (sound / label)[own].mean():>19.2f}"
        )


if __name__ == "__main__":
    np.seterr(divide="ignore", invalid="ignore")
    main()
