// Lines that make out a face: borders of lips, brows, lids and irises, and the contour seen from the camera.
// Only geometry; the painters draw them.
const FaceOutline = (() => {
  "use strict";
  const BORDERS = ["lip|skin", "lip|wet_lip", "eye|iris", "brow|", "skin|"]; // "skin|" is by the eyes
  const CONTOURED = new Set(["skin", "lip", "ear"]);
  const MOST = 12000; // segments
  const NECK_MM = -150; // below, the open edge of the neck

  function create(face, surface) {
    const { triangles, materials } = surface, names = face.materials.map((m) => m.name);
    const sides = new Map();
    for (let i = 0; i < triangles.length; i++) {
      const a = triangles[i], b = triangles[i % 3 === 2 ? i - 2 : i + 1];
      const key = Math.min(a, b) * 65536 + Math.max(a, b);
      if (!sides.has(key)) sides.set(key, []);
      sides.get(key).push(names[materials[(i / 3) | 0]]);
    }
    const rest = FaceSurface.place(surface, face.rest, new Float64Array(surface.vertices * 3));
    const edges = [];
    for (const [key, [one, other = "", more]] of sides) {
      const a = Math.floor(key / 65536), b = key % 65536;
      const pair = other < one && other ? `${other}|${one}` : `${one}|${other}`;
      if (more === undefined && BORDERS.includes(pair) && rest[3 * a + 1] > NECK_MM) edges.push(a, b);
    }
    const contoured = [];
    for (let t = 0; t < materials.length; t++) {
      if (CONTOURED.has(names[materials[t]])) contoured.push(...triangles.subarray(3 * t, 3 * t + 3));
    }
    return {
      edges: Uint16Array.from(edges), contoured: Uint16Array.from(contoured),
      facing: new Float32Array(surface.vertices), segments: new Float32Array(6 * MOST), count: 0,
    };
  }

  /** Fills `segments` with places in mm, six numbers each, and `count`. */
  function find({ outline, mesh }, camera) {
    const { edges, contoured, facing, segments } = outline, [px, py, pz] = camera.pivot;
    const ex = px - camera.sin * camera.distance, ez = pz + camera.cos * camera.distance;
    for (let v = 0, at = 0; v < facing.length; v++, at += 6) {
      const x = ex - mesh[at], y = py - mesh[at + 1], z = ez - mesh[at + 2]; // to the camera
      facing[v] = mesh[at + 3] * x + mesh[at + 4] * y + mesh[at + 5] * z;
    }
    let to = 0;
    for (let i = 0; i < edges.length && to < segments.length; i += 2) {
      if (facing[edges[i]] < 0 && facing[edges[i + 1]] < 0) continue;
      for (let end = 0; end < 2; end++) {
        for (let axis = 0; axis < 3; axis++) segments[to++] = mesh[6 * edges[i + end] + axis];
      }
    }
    for (let i = 0; i < contoured.length && to < segments.length; i += 3) {
      for (let corner = 0; corner < 3; corner++) {
        const a = contoured[i + corner], b = contoured[i + ((corner + 1) % 3)];
        if (facing[a] < 0 === facing[b] < 0) continue;
        const share = facing[a] / (facing[a] - facing[b]);
        for (let axis = 0; axis < 3; axis++) {
          segments[to++] = mesh[6 * a + axis] + share * (mesh[6 * b + axis] - mesh[6 * a + axis]);
        }
      }
    }
    outline.count = to / 6;
    return outline;
  }

  return { create, find };
})();
