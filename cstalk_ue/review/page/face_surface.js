// A smooth surface over the points of the face, as cstalk_ue/face_mesh.py: Loop subdivision with creases,
// each vertex a fixed blend of those one level coarser; and its normals. No DOM.
const FaceSurface = (() => {
  "use strict";
  const CREASED = "lip|wet_lip"; // materials between which the surface is not rounded

  /** `levels` 0 is the triangles themselves; each level has four times as many. */
  function create(face, levels) {
    let triangles = face.triangles, materials = face.triangle_material, count = face.points;
    const steps = [];
    for (let level = 0; level < levels; level++) {
      const finer = refined(count, triangles, materials, face.materials.map((material) => material.name));
      ({ triangles, materials } = finer);
      count = finer.first.length - 1;
      steps.push({ ...finer, places: new Float64Array(3 * count) });
    }
    return { triangles, materials, steps, vertices: count };
  }

  /** Weights of old and new vertices on the old ones, a sparse matrix by rows; triangles and materials. */
  function refined(count, triangles, materials, names) {
    const edges = new Map();
    for (let i = 0; i < triangles.length; i++) {
      const start = i - (i % 3), a = triangles[i], b = triangles[start + ((i + 1) % 3)];
      const key = edgeKey(a, b);
      const ends = [Math.min(a, b), Math.max(a, b)];
      if (!edges.has(key)) edges.set(key, { ends, opposite: [], names: [] });
      edges.get(key).opposite.push(triangles[start + ((i + 2) % 3)]);
      edges.get(key).names.push(names[materials[start / 3]]);
    }
    const around = Array.from({ length: count }, () => ({ all: [], creases: [] }));
    for (const edge of edges.values()) {
      edge.crease = edge.opposite.length !== 2 || [...edge.names].sort().join("|") === CREASED;
      edge.ends.forEach((end, i) => {
        around[end].all.push(edge.ends[1 - i]);
        if (edge.crease) around[end].creases.push(edge.ends[1 - i]);
      });
    }
    const rows = around.map(oldVertex), middle = new Map();
    for (const [key, { ends, opposite, crease }] of edges) {
      middle.set(key, rows.length);
      const [near, far] = crease ? [0.5, 0] : [0.375, 0.125];
      const row = ends.map((end) => [end, near]);
      rows.push(crease ? row : [...row, ...opposite.map((vertex) => [vertex, far])]);
    }
    const finer = [];
    for (let i = 0; i < triangles.length; i += 3) {
      const [a, b, c] = triangles.subarray(i, i + 3);
      const ab = middle.get(edgeKey(a, b)), bc = middle.get(edgeKey(b, c)), ca = middle.get(edgeKey(c, a));
      finer.push(a, ab, ca, b, bc, ab, c, ca, bc, ab, bc, ca);
    }
    const first = new Uint32Array(rows.length + 1);
    rows.forEach((row, i) => (first[i + 1] = first[i] + row.length));
    const blend = rows.flat();
    return {
      first,
      source: Uint16Array.from(blend, (pair) => pair[0]), weight: Float64Array.from(blend, (pair) => pair[1]),
      triangles: Uint16Array.from(finer),
      materials: Uint8Array.from({ length: 4 * materials.length }, (_, i) => materials[i >> 2]),
    };
  }

  const edgeKey = (a, b) => Math.min(a, b) * 65536 + Math.max(a, b);

  function oldVertex({ all, creases }, vertex) {
    if (creases.length === 2) return [[vertex, 0.75], [creases[0], 0.125], [creases[1], 0.125]];
    if (creases.length || !all.length) return [[vertex, 1]];
    const n = all.length, share = (0.625 - (0.375 + Math.cos((2 * Math.PI) / n) / 4) ** 2) / n;
    return [[vertex, 1 - n * share], ...all.map((other) => [other, share])];
  }

  /** Points of the face -> places of the vertices, `stride` numbers apart in out. Allocates nothing. */
  function place(surface, points, out, stride = 3) {
    let from = points;
    for (let level = 0; level < surface.steps.length; level++) {
      const step = surface.steps[level];
      if (level + 1 === surface.steps.length) return blended(step, from, out, stride);
      from = blended(step, from, step.places, 3);
    }
    for (let v = 0; v < surface.vertices; v++) {
      for (let axis = 0; axis < 3; axis++) out[v * stride + axis] = points[3 * v + axis];
    }
    return out;
  }

  function blended({ first, source, weight }, from, out, stride) {
    for (let row = 0, i = 0, to = 0; row + 1 < first.length; row++, to += stride) {
      let x = 0, y = 0, z = 0;
      for (const end = first[row + 1]; i < end; i++) {
        const share = weight[i], at = 3 * source[i];
        x += share * from[at];
        y += share * from[at + 1];
        z += share * from[at + 2];
      }
      out[to] = x;
      out[to + 1] = y;
      out[to + 2] = z;
    }
    return out;
  }

  /** Normals, not of unit length, of vertices that are 6 numbers apart; written behind each place. */
  function normals({ triangles }, mesh) {
    for (let at = 3; at < mesh.length; at += 6) mesh[at] = mesh[at + 1] = mesh[at + 2] = 0;
    for (let i = 0; i < triangles.length; i += 3) {
      const a = 6 * triangles[i], b = 6 * triangles[i + 1], c = 6 * triangles[i + 2];
      const px = mesh[b] - mesh[a], py = mesh[b + 1] - mesh[a + 1], pz = mesh[b + 2] - mesh[a + 2];
      const qx = mesh[c] - mesh[a], qy = mesh[c + 1] - mesh[a + 1], qz = mesh[c + 2] - mesh[a + 2];
      const x = py * qz - pz * qy, y = pz * qx - px * qz, z = px * qy - py * qx;
      mesh[a + 3] += x; mesh[a + 4] += y; mesh[a + 5] += z;
      mesh[b + 3] += x; mesh[b + 4] += y; mesh[b + 5] += z;
      mesh[c + 3] += x; mesh[c + 4] += y; mesh[c + 5] += z;
    }
    return mesh;
  }

  return { create, place, normals };
})();
