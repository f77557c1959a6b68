"""The face's surface: closed where it should be, facing outwards, and smooth without parting closed lips."""

from collections import Counter

import numpy as np
import pytest

from cstalk_ue.face import load_face
from cstalk_ue.face_mesh import face_materials, face_mesh
from cstalk_ue.rig import control_defaults, control_names

FACE = load_face()
NAMES = [material.name for material in face_materials()]


def test_level_0_is_the_points_themselves():
    np.testing.assert_array_equal(face_mesh(0).vertices(FACE.rest), FACE.rest)


@pytest.mark.parametrize("levels", [1, 2])
def test_vertices_are_averages_and_each_level_has_four_times_the_triangles(levels):
    mesh = face_mesh(levels)
    np.testing.assert_allclose(mesh.weights.sum(axis=1), 1, atol=1e-12)
    assert mesh.weights.min() >= 0
    assert len(mesh.triangles) == len(mesh.materials) == 4**levels * len(face_mesh(0).triangles)
    moved = mesh.vertices(FACE.rest + np.array([1.0, 2.0, 3.0])) - mesh.vertices(FACE.rest)
    np.testing.assert_allclose(moved, np.broadcast_to([1.0, 2.0, 3.0], moved.shape), atol=1e-9)


def test_a_finer_surface_of_a_plane_is_the_plane():
    flat = FACE.rest * [1.0, 1.0, 0.0]
    assert np.abs(face_mesh(2).vertices(flat)[:, 2]).max() < 1e-12


def test_skin_triangles_run_the_same_way_round_and_hold_together():
    """An inner edge is shared by two triangles in opposite directions; open ones are eyes, mouth, neck."""
    mesh = face_mesh(0)
    skin = [
        tuple(t)
        for t, m in zip(mesh.triangles.tolist(), mesh.materials, strict=True)
        if NAMES[m] in ("skin", "lip", "nostril")
    ]
    directed = Counter((t[i], t[(i + 1) % 3]) for t in skin for i in range(3))
    assert max(directed.values()) == 1
    open_edges = [edge for edge in directed if edge[::-1] not in directed]
    groups = {FACE.names[p].split(".")[0] for edge in open_edges for p in edge}
    holes = {f"{part}_{row}" for part in ("lip_inner", "lid") for row in ("upper", "lower")}
    assert groups <= {*holes, "lip_corner", "lid_corner", "skin"}
    lowest = [FACE.rest[p, 1] for edge in open_edges for p in edge if FACE.names[p].startswith("skin")]
    assert max(lowest) < -190  # where the neck ends


def test_the_surface_is_its_own_mirror_image():
    v = face_mesh(1).vertices(FACE.rest)
    mirrored = v * [-1.0, 1.0, 1.0]
    order = np.lexsort(np.round(v, 6).T), np.lexsort(np.round(mirrored, 6).T)
    np.testing.assert_allclose(v[order[0]], mirrored[order[1]], atol=1e-5)


def test_lips_that_touch_still_touch_on_the_smooth_surface():
    values = control_defaults().astype(float)
    for side in "LR":
        for lip in "UD":
            values[control_names().index(f"CTRL_{side}_mouth_lipsTogether{lip}.ty")] = 1
    values[control_names().index("CTRL_C_jaw.ty")] = 0.3
    mesh = face_mesh(1)
    v = mesh.vertices(FACE.evaluate(values[None])[0])
    place = {}  # on a crease an old vertex is three quarters itself, the rest its neighbours on the contour
    for vertex in np.nonzero(mesh.weights.max(axis=1) == 0.75)[0]:
        place[int(mesh.sources[vertex, mesh.weights[vertex].argmax()])] = vertex
    upper, lower = (v[[place[int(p)] for p in points], 1] for points in (FACE.upper, FACE.lower))
    np.testing.assert_allclose(upper, lower, atol=0.05)


def test_materials_are_colours():
    assert len(set(NAMES)) == len(NAMES) == 14
    for material in face_materials():
        assert all(0 <= c <= 1 for c in material.colour) and 0 <= material.gloss <= 1
        assert material.layer in (0, 1, 2)
