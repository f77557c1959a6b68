"""MetaHuman DNA: a face rig read from its file and evaluated, GUI controls → vertices in millimetres.

`read_dna` reads the file, `DnaHead` takes curves to the vertices of the head mesh, `lip_vertices` and
`eye_and_forehead_vertices` say where the errors of a mouth and of an upper face are measured.

    file ─ reader.py → Dna ─ behaviour.py → joints ─ skeleton.py → matrices ─ skin.py → vertices

numpy only. No DNA file comes with this package; docs/dna.md says where users have theirs.
"""

from cstalk_ue.dna.behaviour import Behaviour, RigOutputs
from cstalk_ue.dna.data import Dna, Mesh
from cstalk_ue.dna.head import DnaHead
from cstalk_ue.dna.masks import (
    EYE_AND_FOREHEAD,
    LIPS,
    Region,
    eye_and_forehead_vertices,
    lip_vertices,
    region_vertices,
)
from cstalk_ue.dna.reader import read_dna
from cstalk_ue.dna.skeleton import Skeleton
from cstalk_ue.dna.skin import SkinnedMesh

__all__ = [
    "EYE_AND_FOREHEAD",
    "LIPS",
    "Behaviour",
    "Dna",
    "DnaHead",
    "Mesh",
    "Region",
    "RigOutputs",
    "Skeleton",
    "SkinnedMesh",
    "eye_and_forehead_vertices",
    "lip_vertices",
    "read_dna",
    "region_vertices",
]
