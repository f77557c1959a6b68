"""How fast a DNA rig is evaluated, GUI controls to vertices, against plain skinning of the same mesh alone.

Plain skinning comes in two ways: a dense matrix of weights (V, J) times the joints' matrices (J, 12) of a
frame, or the matrices of the joints of each vertex picked and mixed; then each vertex by its own matrix. The
rig of real size is made of random numbers.

python benchmarks/dna_speed.py [FILE.dna]
"""

import sys
import time
from pathlib import Path

import numpy as np

from cstalk_ue.dna import DnaHead, read_dna
from cstalk_ue.dna.data import (
    BehaviourTables,
    ConditionalTable,
    Definition,
    Descriptor,
    Dna,
    JointGroup,
    Mesh,
)
from cstalk_ue.dna.head import FRAMES_AT_ONCE
from cstalk_ue.rig import control_limits, control_names, rig_table
from cstalk_ue.take import RigCurves

SMALL = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "dna" / "small_v28.dna"
VERTICES, JOINTS, CORRECTIVES, INFLUENCES = 24049, 870, 800, 8
GROUPS, INPUTS_OF_GROUP = 60, 60
FRAMES, PLAIN_FRAMES, ROUNDS = 128, 8, 3


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]] or [SMALL]
    for path in files:
        if path.is_file():
            seconds = best_of(lambda path=path: read_dna(path))
            print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB read in {seconds * 1000:.0f} ms")
            measure(path.name, DnaHead.open(path))
    measure("random rig of real size", DnaHead(random_rig()))


def measure(name: str, head: DnaHead) -> None:
    low, high = control_limits()
    values = np.random.default_rng(1).uniform(low, high, (FRAMES, len(low)))
    names = [control for control in control_names() if control in head.dna.definition.gui]
    columns = [control_names().index(control) for control in names]
    curves = RigCurves(values[:, columns], tuple(names), 30)
    gui = head.gui_values(curves)
    outputs = head.behaviour.evaluate(head.behaviour.raw_controls(gui))
    matrices = head.skeleton.world(outputs.joints)[:PLAIN_FRAMES]

    def run(part: DnaHead) -> None:
        for _ in part.blocks(curves):
            pass

    tenth = head.restricted(np.arange(head.vertices) % 10 == 0)
    dense, picked = (
        best_of(lambda way=way: way(head, matrices)) / PLAIN_FRAMES
        for way in (dense_skinning, picked_skinning)
    )
    whole, few = (best_of(lambda each=each: run(each)) / FRAMES for each in (head, tenth))
    blocks = np.split(gui, FRAMES // FRAMES_AT_ONCE)

    def rig_alone() -> None:
        for block in blocks:
            head.behaviour.evaluate(head.behaviour.raw_controls(block))

    rig = best_of(rig_alone) / FRAMES
    print(
        f"{name}: {head.vertices} vertices, {len(head.dna.definition.joints)} joints: "
        f"{1 / whole:.0f} frames per second, {1 / few:.0f} with a tenth of the vertices; "
        f"controls to joints alone {rig * 1000:.2f} ms a frame; the whole takes {whole / dense:.2f} times as "
        f"long as dense skinning alone ({dense * 1000:.2f} ms), {whole / picked:.2f} times as long as picked "
        f"({picked * 1000:.2f} ms)"
    )


def dense_skinning(head: DnaHead, matrices: np.ndarray) -> None:
    mesh = head.mesh
    weights = np.zeros((len(mesh.positions), matrices.shape[1]), dtype=np.float32)
    weights[mesh.skin_vertices, mesh.skin_joints] = mesh.skin_weights
    places = np.column_stack([mesh.positions, np.ones(len(mesh.positions), dtype=np.float32)])
    flat = matrices[:, :, :3].reshape(len(matrices), -1, 12).astype(np.float32)
    for frame in flat:
        own = (weights @ frame).reshape(-1, 3, 4)
        np.einsum("vij,vj->vi", own, places)


def picked_skinning(head: DnaHead, matrices: np.ndarray) -> None:
    mesh = head.mesh
    most = int(np.diff(mesh.skin_starts).max())
    place = np.arange(len(mesh.skin_joints)) - mesh.skin_starts[mesh.skin_vertices]
    weights = np.zeros((len(mesh.positions), most), dtype=np.float32)
    joints = np.zeros(weights.shape, dtype=np.int64)
    weights[mesh.skin_vertices, place] = mesh.skin_weights
    joints[mesh.skin_vertices, place] = mesh.skin_joints
    places = np.column_stack([mesh.positions, np.ones(len(mesh.positions), dtype=np.float32)])
    flat = matrices[:, :, :3].reshape(len(matrices), -1, 12).astype(np.float32)
    for frame in flat:
        own = (weights[:, None] @ frame[joints]).reshape(-1, 3, 4)
        np.einsum("vij,vj->vi", own, places)


def random_rig() -> Dna:
    """A rig of about the size of a MetaHuman head, without blend shapes as theirs is."""
    rng = np.random.default_rng(0)
    rows = rig_table("gui_to_raw.csv")
    gui = tuple(dict.fromkeys(row["gui_name"] for row in rows))
    raw = tuple(dict.fromkeys(row["raw_name"] for row in rows))
    from_, to, slope, cut = (
        np.array([row[key] for row in rows], dtype=np.float32) for key in ("from", "to", "slope", "cut")
    )
    table = ConditionalTable(
        np.array([gui.index(row["gui_name"]) for row in rows]),
        np.array([raw.index(row["raw_name"]) for row in rows]),
        np.minimum(from_, to),
        np.maximum(from_, to),
        slope,
        cut,
    )
    none = np.zeros(0, dtype=np.int64)
    empty = ConditionalTable(none, none, *[np.zeros(0, dtype=np.float32)] * 4)
    parents = np.maximum(0, (np.arange(JOINTS) - 1) // 6)
    outputs = np.array_split(rng.permutation(np.arange(9, 9 * JOINTS)), GROUPS)
    groups = tuple(
        JointGroup(
            np.array([len(rows)]),
            np.sort(rng.choice(len(raw) + CORRECTIVES, INPUTS_OF_GROUP, replace=False)),
            rows,
            rng.normal(0, 0.05, (len(rows), INPUTS_OF_GROUP)).astype(np.float32),
        )
        for rows in outputs
    )
    weights = rng.dirichlet(np.ones(INFLUENCES), VERTICES).astype(np.float32)
    mesh = Mesh(
        "head_lod0_mesh",
        rng.normal((0, 150, 0), 8, (VERTICES, 3)).astype(np.float32),
        none,
        np.zeros(1, dtype=np.int64),
        INFLUENCES * np.arange(VERTICES + 1),
        rng.integers(0, JOINTS, VERTICES * INFLUENCES),
        weights.ravel(),
    )
    return Dna(
        "random",
        (2, 8),
        Descriptor(),
        Definition(
            gui,
            raw,
            tuple(f"joint_{index}" for index in range(JOINTS)),
            (),
            (),
            (mesh.name,),
            parents,
            rng.normal(0, 2, (JOINTS, 3)).astype(np.float32),
            rng.uniform(-90, 90, (JOINTS, 3)).astype(np.float32),
            (np.array([0]),),
        ),
        BehaviourTables(
            table,
            CORRECTIVES,
            np.repeat(len(raw) + np.arange(CORRECTIVES), 3),
            rng.integers(0, len(raw), 3 * CORRECTIVES),
            np.ones(3 * CORRECTIVES, dtype=np.float32),
            groups,
            none,
            none,
            np.zeros(1, dtype=np.int64),
            empty,
            np.zeros(1, dtype=np.int64),
        ),
        {mesh.name: mesh},
    )


def best_of(call) -> float:
    """Seconds of the fastest of some rounds."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


if __name__ == "__main__":
    main()
