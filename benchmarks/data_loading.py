"""Is the loading of windows ever what training waits for?

Three figures from one run on one machine, and their ratios:

    floor     slices of arrays that lie in memory, stacked: what any loader has to do at least
    loader    the windows of a data set as training takes them, takes in memory, and takes read from disk
    step      what a training step consumes, forward, backward and optimiser, at the preset's size

    python benchmarks/data_loading.py DATASET [--preset small] [--seconds 5]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from cstalk_ue.emotion import EMOTIONS
from cstalk_ue.train.feature_cache import FeatureCache, clip_references
from cstalk_ue.train.fit_supervised import SpokenWindows, spoken_takes
from cstalk_ue.train.loader import load_batches
from cstalk_ue.train.optimiser import build_optimiser
from cstalk_ue.train.sampler import WindowSampler
from cstalk_ue.train.settings import training_settings
from cstalk_ue.train.start_model import hears_features, start_model
from cstalk_ue.train.supervised_face import SupervisedFace
from cstalk_ue.train.take_cache import CurveUnits, TakeCache
from cstalk_ue.train.windows import WindowBatch, WindowSource
from ingest.data_set import open_data_set


def rate(make: Callable[[], int], seconds: float) -> float:
    """Windows per second of processor time; `make` gives how many it made."""
    make()
    started, made = time.process_time(), 0
    while time.process_time() - started < seconds:
        made += make()
    return made / (time.process_time() - started)


def sliced(source: WindowSource, batch: int) -> Callable[[], int]:
    """The same arrays, sliced and stacked by hand."""
    takes = [source.cache.take(record) for record in source.records[:100]]
    size = source.frames
    takes = [take for take in takes if len(take.target) > size]
    random = np.random.default_rng(0)

    def make() -> int:
        chosen = [
            (takes[k], int(random.integers(len(takes[k].target) - size)))
            for k in random.integers(len(takes), size=batch)
        ]
        np.stack([take.target[first : first + size] for take, first in chosen])
        np.stack([take.emotion[first : first + size] for take, first in chosen])
        if takes[0].features is not None:
            np.stack([take.features[first : first + size] for take, first in chosen]).astype(np.float32)
        if takes[0].samples is not None:
            np.stack([take.samples[first * 533 : first * 533 + 51200] for take, first in chosen])
        return batch

    return make


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_set", type=Path)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--set", dest="changes", action="append", default=[])
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data_set = open_data_set(options.data_set)
    settings = training_settings(options.preset, changes=options.changes)
    units = CurveUnits.of(data_set.require_statistics())
    records = spoken_takes(data_set, "train")
    model, _ = start_model(settings, units, emotions=EMOTIONS)
    batch = settings.fit_generator.batch

    def source(budget: int) -> WindowSource:
        if hears_features(settings):
            folder = Path(settings.machine.feature_cache or data_set.folder / "features")
            features = FeatureCache(folder, model.speech_encoder, settings.model.encoder)
            features.prepare(data_set, records, model.speech_encoder, device=torch.device("cpu"))
            return WindowSource(
                TakeCache(data_set, units, features=features.features, budget_bytes=budget),
                records,
                settings.windows,
            )
        references = clip_references(data_set, records, model.speech_encoder)
        cache = TakeCache(data_set, units, audio=True, budget_bytes=budget)
        return WindowSource(cache, records, settings.windows, references=references)

    def loaded(windows: WindowSource) -> Callable[[], int]:
        sampler = WindowSampler(len(windows), batch, 0)
        batches = load_batches(SpokenWindows(windows), sampler, 0, workers=0, pinned=False)
        return lambda: next(batches)[1]

    warm = source(2**34)
    for record in warm.records:
        warm.cache.take(record)
    face = SupervisedFace(model, None)
    optimiser = build_optimiser(face, settings.fit_generator)
    ready: WindowBatch = warm.batch(range(batch))

    def step() -> int:
        optimiser.zero_grad(set_to_none=True)
        face(ready)["loss"].backward()
        optimiser.step()
        return batch

    figures = {
        "floor: slices of arrays in memory": rate(sliced(warm, batch), options.seconds),
        "loader, takes in memory": rate(loaded(warm), options.seconds),
        "loader, every take read from disk": rate(loaded(source(0)), options.seconds),
        "training step": rate(step, options.seconds),
    }
    step_rate, floor = figures["training step"], figures["floor: slices of arrays in memory"]
    print(f"{len(records)} takes, {len(warm)} windows, preset {options.preset}, batch {batch}, 1 thread")
    for name, value in figures.items():
        print(
            f"{name:<36}{value:9.0f} windows per second of one core  {value / floor:6.2f} of the floor  "
            f"{value / step_rate:6.1f} of the step"
        )


if __name__ == "__main__":
    main()
