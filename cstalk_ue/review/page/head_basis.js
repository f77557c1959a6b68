// The head of a DNA: rest and shapes from page_head.py, numbers of a frame -> vertices, with the head's motion.
// In the place of face.js and face_surface.js; drawn by the same painters. No DOM.
const HeadBasis = (() => {
  "use strict";
  const FORMAT = "cstalk-dna-head/1", WHOLE = 65535;
  const TYPES = { i2: Int16Array, u2: Uint16Array, u1: Uint8Array, f8: Float64Array };

  async function load(json) {
    const packed = Uint8Array.from(atob(json.data), (letter) => letter.charCodeAt(0));
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return unpack(json, await new Response(plain).arrayBuffer());
  }

  /** `block` is the ArrayBuffer that `json.data` inflates to. */
  function unpack(json, block) {
    if (json.format !== FORMAT) throw new Error(`head data is ${json.format}, expected ${FORMAT}.`);
    const arrays = {};
    for (const [name, [kind, start, count]] of Object.entries(json.arrays)) {
      arrays[name] = new TYPES[kind](block, start, count);
    }
    const rest = Float32Array.from(arrays.rest, (step) => step * json.rest_scale);
    const count = arrays.scales.length, size = rest.length;
    const shapes = Array.from({ length: count }, (_, k) =>
      Float32Array.from(arrays.shapes.subarray(k * size, (k + 1) * size), (step) => step * arrays.scales[k]));
    return {
      rest, shapes, pivot: json.pivot, mm: json.mm, mouth: Float32Array.from(json.mouth), materials: json.materials,
      share: Float32Array.from(arrays.share, (share) => share / WHOLE),
      surface: {
        triangles: arrays.triangles, materials: arrays.triangle_material, vertices: size / 3, steps: [],
      },
      places: new Float32Array(size),
    };
  }

  /** Numbers of a frame, and head curves or null -> places of the vertices, 6 numbers apart in mesh. */
  function place(head, numbers, motion, mesh) {
    const { rest, shapes, places, share } = head;
    places.set(rest);
    for (let k = 0; k < shapes.length; k++) {
      const shape = shapes[k], much = numbers[k];
      if (much !== 0) for (let i = 0; i < places.length; i++) places[i] += much * shape[i];
    }
    const turned = motion && motion.some((value) => value !== 0) ? turnOf(motion) : null;
    const glide = turned && [-motion[4], motion[5], motion[3]].map((cm) => 10 * head.mm * cm);
    for (let v = 0, at = 0, to = 0; v < share.length; v++, at += 3, to += 6) {
      if (turned) turnInto(mesh, to, head, turned, glide, v);
      else for (let axis = 0; axis < 3; axis++) mesh[to + axis] = places[at + axis];
    }
    return mesh;
  }

  /** What the neck carries stays; the rest of a vertex goes with the head, about its joint. */
  function turnInto(mesh, to, { rest, places, share, pivot }, turn, glide, v) {
    const s = share[v], at = 3 * v;
    for (let i = 0; i < 3; i++) {
      let moved = (1 - s) * rest[at + i] + s * (pivot[i] + glide[i]);
      for (let k = 0; k < 3; k++) moved += turn[3 * i + k] * (places[at + k] - (1 - s) * rest[at + k] - s * pivot[k]);
      mesh[to + i] = moved;
    }
  }

  /** Turn, nod and tilt as in face.js; three rows. */
  function turnOf([yaw, pitch, roll]) {
    const [cy, sy] = angle(roll), [cx, sx] = angle(-yaw), [cz, sz] = angle(pitch);
    return product([cy, 0, sy, 0, 1, 0, -sy, 0, cy], product([1, 0, 0, 0, cx, -sx, 0, sx, cx], [cz, -sz, 0, sz, cz, 0, 0, 0, 1]));
  }

  const angle = (degrees) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];

  function product(a, b) {
    return Array.from({ length: 9 }, (_, i) => {
      const row = 3 * Math.floor(i / 3), column = i % 3;
      return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
    });
  }

  return { load, unpack, place };
})();
