"""The behaviour of a DNA rig: GUI controls → raw ones → correctives → joints, blend shapes, animated maps.

Follows Epic's evaluator step by step, for many frames at once, and was compared with it on every output.
What it leaves out is in `Dna.notes`. Knows nothing about names and vertices (see head.py, skin.py).
Shapes: F frames, G GUI controls, R raw controls, P correctives (PSD), J joints, B channels of blend
shapes, A animated maps.
"""

from dataclasses import dataclass

import numpy as np

from cstalk_ue.dna.conditional import PiecewiseTable
from cstalk_ue.dna.data import Dna
from cstalk_ue.dna.layers import ATTRIBUTES
from cstalk_ue.errors import DnaError


@dataclass(frozen=True)
class RigOutputs:
    """What a rig does in some frames.

    Attributes:
        psd: ``(F, P)`` correctives.
        joints: ``(F, J, 9)`` changes of translation, rotation (Euler angles) and scale, in units of the file.
        channels: ``(F, B)`` weights of blend shapes.
        maps: ``(F, A)`` animated maps, 0..1.
    """

    psd: np.ndarray
    joints: np.ndarray
    channels: np.ndarray
    maps: np.ndarray


class Behaviour:
    """Evaluates the tables of a file at one level of detail.

    Args:
        dna: of the rig.
        lod: 0 is the finest.
        clamp: hold a control to the range that its rows cover. Without, one outside has no effect at all,
            which is what Epic's evaluator does; the engine holds controls to their range before.

    Raises:
        DnaError: no such level of detail, or joints are driven by quaternions.
    """

    def __init__(self, dna: Dna, *, lod: int = 0, clamp: bool = True) -> None:
        dna.check_lod(lod)
        if dna.quaternion_joints:
            raise DnaError(
                f"{dna.source}: drives joints by quaternions, which cannot be evaluated; expected Euler "
                "angles. Export the DNA for an older version."
            )
        tables, names = dna.behaviour, dna.definition
        self._clamp = clamp
        self._raw, self._psd = len(names.raw), tables.psd_count
        self._joints, self._channels = len(names.joints), len(names.channels)
        self._gui = PiecewiseTable(tables.gui_to_raw, inputs=len(names.gui), outputs=self._raw)
        active = int(tables.map_rows[lod])
        total = max(self._raw + self._psd, int(tables.animated_maps.inputs.max(initial=0)) + 1)
        self._maps = PiecewiseTable(tables.animated_maps, inputs=total, outputs=len(names.maps), rows=active)
        self._prepare_psd(dna)
        used = int(tables.channel_rows[lod])
        known = tables.channel_inputs[:used] < self._raw + self._psd
        self._channel_in = tables.channel_inputs[:used][known]
        self._channel_out = tables.channel_outputs[:used][known]
        self._groups = []
        for group in tables.joint_groups:
            rows = int(group.active_rows[lod])
            known = group.inputs < self._raw + self._psd  # behind them are controls that rest at 0
            if rows and known.any():
                self._groups.append((group.inputs[known], group.outputs[:rows], group.values[:rows, known]))

    def _prepare_psd(self, dna: Dna) -> None:
        tables = dna.behaviour
        order = np.argsort(tables.psd_rows, kind="stable")
        rows = tables.psd_rows[order]
        self._psd_columns = tables.psd_columns[order]
        self._psd_rows, self._psd_starts = np.unique(rows, return_index=True)
        self._psd_weights = np.zeros((0, 1), dtype=np.float32)
        if len(rows):
            weights = np.multiply.reduceat(tables.psd_values[order], self._psd_starts)
            self._psd_weights = weights[:, None]

    def raw_controls(self, gui: np.ndarray) -> np.ndarray:
        """GUI controls ``(F, G)`` in the order of the file → raw controls ``(F, R)`` float32, 0..1."""
        return self._gui.evaluate(np.ascontiguousarray(gui.T), clamp=self._clamp).T

    def evaluate(self, raw: np.ndarray) -> RigOutputs:
        """Raw controls ``(F, R)`` → all outputs. Raw controls may be outside 0..1; joints extrapolate."""
        frames = len(raw)
        control = np.zeros((max(self._raw + self._psd, len(self._maps.low)), frames), dtype=np.float32)
        control[: self._raw] = raw.T
        if len(self._psd_rows):
            # Correctives read raw controls only: one that read another would see the frame before.
            held = np.clip(control, 0, 1)[self._psd_columns]
            product = np.multiply.reduceat(held, self._psd_starts, axis=0)
            control[self._psd_rows] = np.minimum(1, self._psd_weights * product)
        joints = np.zeros((self._joints * ATTRIBUTES, frames), dtype=np.float32)
        for inputs, outputs, values in self._groups:
            joints[outputs] += values @ control[inputs]
        channels = np.zeros((self._channels, frames), dtype=np.float32)
        channels[self._channel_out] = control[self._channel_in]
        return RigOutputs(
            psd=control[self._raw : self._raw + self._psd].T,
            joints=np.ascontiguousarray(joints.T).reshape(frames, self._joints, ATTRIBUTES),
            channels=channels.T,
            maps=self._maps.evaluate(control, clamp=self._clamp).T,
        )
