// The landmark head: control values -> points in mm. The same evaluation as cstalk_ue/face.py, in float64;
// tests/review/test_face_js.py compares the two. Reads the JSON of review/face_data.py. No DOM.
// x to the character's left, y up, z out of the face.
const Face = (() => {
  "use strict";
  const FORMAT = "cstalk-face/1";
  const TYPES = {
    u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, i4: Int32Array, f8: Float64Array,
  };

  async function load(json) {
    const packed = Uint8Array.from(atob(json.data), (letter) => letter.charCodeAt(0));
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return unpack(json, await new Response(plain).arrayBuffer());
  }

  /** `block` is the ArrayBuffer that `json.data` inflates to. */
  function unpack(json, block) {
    if (json.format !== FORMAT) throw new Error(`face data is ${json.format}, expected ${FORMAT}.`);
    const arrays = {};
    for (const [name, [kind, start, count, scale]] of Object.entries(json.arrays)) {
      const stored = new TYPES[kind](block, start, count);
      arrays[name] = scale > 1 ? Float64Array.from(stored, (x) => x / scale) : stored;
    }
    return fromArrays({ arrays, rules: json.rules, materials: json.materials });
  }

  /** Arrays by the names of `face_arrays` in face_data.py, rules and materials -> face. */
  function fromArrays({ arrays, rules, materials }) {
    const points = arrays.rest.length / 3;
    const eyes = ["L", "R"].map((side) => {
      const of = (part) => arrays[`eye_${side}_${part}`];
      return {
        centre: of("centre"), gaze: of("gaze"), ball: of("ball"), lids: of("lids"),
        upper: of("upper"), lower: of("lower"), lashes: of("lashes"),
      };
    });
    const lips = ["upper", "lower"].map((lip) => ({
      controls: arrays[`seal_${lip}_controls`], seals: Float64Array.from(arrays[`seal_${lip}_shares`]),
      points: arrays[`follow_${lip}_points`], shares: Float64Array.from(arrays[`follow_${lip}_shares`]),
      fix: new Float64Array(arrays.upper.length * 3), // how far each point of the inner lip is carried
    }));
    const jawPoints = Uint16Array.from(arrays.jaw.keys()).filter((p) => arrays.jaw[p] !== 0);
    return {
      ...arrays, rules, materials, eyes, lips, jawPoints,
      points,
      names: lines(arrays.point_names), controls: lines(arrays.control_names),
      halfFirst: starts(arrays.half_count), tongueFirst: starts(arrays.tongue_count),
      defaults: defaults(arrays),
      values: new Float64Array(arrays.low.length), turn: new Float64Array(9), // scratch of evaluate
    };
  }

  const lines = (bytes) => String.fromCharCode(...bytes).split("\n");

  function starts(counts) {
    const first = new Uint32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) first[i + 1] = first[i] + counts[i];
    return first;
  }

  function defaults(arrays) {
    const values = new Float64Array(arrays.low.length);
    arrays.half_control.forEach((control, half) => (values[control] = arrays.half_default[half]));
    return values;
  }

  /** 185 values and 6 of the head (degrees, cm) or null -> out, points * 3 in mm. Allocates nothing. */
  function evaluate(face, values, head, out) {
    const v = face.values;
    for (let c = 0; c < v.length; c++) v[c] = clip(values[c], face.low[c], face.high[c]);
    out.set(face.rest);
    move(face, v, out);
    keepLipsBeforeTeeth(face, out);
    turnJaw(face, v, out);
    sealLips(face, v, out);
    keepLowerLipUnderTeeth(face, out);
    keepTongueInside(face, out);
    for (const eye of face.eyes) {
      closeLids(face, eye, out);
      turnEye(face, v, eye, out);
    }
    if (head) turnHead(face, head, out);
    return out;
  }

  function move(face, v, out) {
    const { half_control, half_sign, half_default, halfFirst, move_point, move_x, move_y, move_z } = face;
    for (let h = 0; h < half_control.length; h++) {
      const active = half_sign[h] * (v[half_control[h]] - half_default[h]);
      if (!(active > 0)) continue;
      for (let i = halfFirst[h]; i < halfFirst[h + 1]; i++) {
        const at = 3 * move_point[i];
        out[at] += active * move_x[i];
        out[at + 1] += active * move_y[i];
        out[at + 2] += active * move_z[i];
      }
    }
  }

  const arch = (r, x) => r.arch_z - r.arch_curve * x * x;

  function keepLipsBeforeTeeth(face, out) {
    const r = face.rules;
    for (let k = 0; k < face.upper.length; k++) {
      const u = 3 * face.upper[k], l = 3 * face.lower[k];
      out[u + 2] = Math.max(out[u + 2], arch(r, out[u]) + r.lip_teeth_mm);
      out[l + 2] = Math.max(out[l + 2], arch(r, out[l]) + r.arch_lower_z + r.lip_teeth_mm);
    }
  }

  function turnJaw(face, v, out) {
    const r = face.rules, turn = face.turn;
    const opened = v[face.jaw_controls[0]], side = v[face.jaw_controls[1]];
    const back = v[face.jaw_controls[2]], extreme = v[face.jaw_controls[3]];
    const glideX = -r.jaw_side_x * side, glideY = r.jaw_open_y * opened;
    const glideZ =
      r.jaw_open_z * opened + r.jaw_forward_z * Math.max(0, -back) - r.jaw_back_z * Math.max(0, back);
    const dropped = r.jaw_open_degrees * opened + r.jaw_extreme_degrees * extreme;
    rotate(turn, -r.jaw_side_degrees * side, dropped, 0);
    for (const p of face.jawPoints) {
      const at = 3 * p, share = face.jaw[p];
      const x = out[at], y = out[at + 1] - r.hinge_y, z = out[at + 2] - r.hinge_z;
      out[at] += share * (turn[0] * x + turn[1] * y + turn[2] * z - x + glideX);
      out[at + 1] += share * (turn[3] * x + turn[4] * y + turn[5] * z - y + glideY);
      out[at + 2] += share * (turn[6] * x + turn[7] * y + turn[8] * z - z + glideZ);
    }
  }

  function sealLips(face, v, out) {
    const pairs = face.upper.length, [high, low] = face.lips;
    for (let k = 0; k < pairs; k++) {
      const u = 3 * face.upper[k], l = 3 * face.lower[k], at = 3 * k;
      const gap = out[u + 1] - out[l + 1];
      const up = gap > 0 ? -0.5 * sealed(high, v, k, pairs) : 0;
      const down = gap > 0 ? 0.5 * sealed(low, v, k, pairs) : 0;
      for (let axis = 0; axis < 3; axis++) {
        high.fix[at + axis] = up * (out[u + axis] - out[l + axis]);
        low.fix[at + axis] = down * (out[u + axis] - out[l + axis]);
      }
      const crossed = Math.min(0, gap + high.fix[at + 1] - low.fix[at + 1]);
      high.fix[at + 1] -= 0.5 * crossed;
      low.fix[at + 1] += 0.5 * crossed;
    }
    for (const lip of face.lips) {
      for (let n = 0; n < lip.points.length; n++) {
        const at = 3 * lip.points[n];
        for (let k = 0; k < pairs; k++) {
          const share = lip.shares[n * pairs + k];
          if (share === 0) continue;
          for (let axis = 0; axis < 3; axis++) out[at + axis] += share * lip.fix[3 * k + axis];
        }
      }
    }
  }

  /** Share of the gap of pair k that a lip's controls close. */
  function sealed(lip, v, k, pairs) {
    let share = 0;
    for (let s = 0; s < lip.controls.length; s++) share += v[lip.controls[s]] * lip.seals[s * pairs + k];
    return clip(share, 0, 1);
  }

  function keepLowerLipUnderTeeth(face, out) {
    const r = face.rules, edge = out[3 * face.teeth[0] + 1];
    for (const p of face.lower) {
      const at = 3 * p, through = clip(arch(r, out[at]) + r.lip_teeth_mm - out[at + 2], 0, 1);
      out[at + 1] -= through * Math.max(0, out[at + 1] - edge);
    }
  }

  function keepTongueInside(face, out) {
    const r = face.rules, upper = out[3 * face.teeth[0] + 1], lower = out[3 * face.teeth[1] + 1];
    const room = smooth(r.tongue_gap_low, r.tongue_gap_high, upper - lower);
    const front = r.teeth_back_z + 40 * room;
    let lift = 0;
    for (let section = face.tongueFirst.length - 2; section >= 0; section--) {
      let foremost = -Infinity, lowest = Infinity;
      for (let i = face.tongueFirst[section]; i < face.tongueFirst[section + 1]; i++) {
        const at = 3 * face.tongue[i];
        out[at + 2] = Math.min(out[at + 2], front);
        foremost = Math.max(foremost, out[at + 2]);
        lowest = Math.min(lowest, out[at + 1]);
      }
      const between = room * smooth(r.teeth_back_z - 1, r.teeth_back_z + 3, foremost);
      lift = Math.max(0.5 * lift, between * Math.max(0, lower + 0.4 - lowest));
      for (let i = face.tongueFirst[section]; i < face.tongueFirst[section + 1]; i++) {
        const at = 3 * face.tongue[i], behind = Math.max(0, out[at + 2] - r.palate_z);
        const y = Math.min(out[at + 1] + lift, r.palate_y - r.palate_curve * behind * behind - 0.3);
        out[at + 1] = y - between * Math.max(0, y - (upper - 0.4));
      }
    }
  }

  function closeLids(face, eye, out) {
    const [cx, cy, cz] = eye.centre, radius = face.rules.lid_radius, lashes = eye.lashes;
    for (const p of eye.lids) {
      const at = 3 * p, x = out[at] - cx, y = out[at + 1] - cy, z = out[at + 2] - cz;
      const away = Math.max(1, radius / Math.sqrt(x * x + y * y + z * z));
      out[at] = cx + x * away;
      out[at + 1] = cy + y * away;
      out[at + 2] = cz + z * away;
    }
    for (let k = 0; k < eye.upper.length; k++) {
      const u = 3 * eye.upper[k] + 1, l = 3 * eye.lower[k] + 1;
      const lift = 0.5 * Math.min(0, out[u] - out[l]);
      out[u] -= lift;
      out[l] += lift;
      for (let i = k; i < lashes.length; i += eye.upper.length) out[3 * lashes[i] + 1] -= lift;
    }
  }

  function turnEye(face, v, eye, out) {
    const r = face.rules, turn = face.turn, [cx, cy, cz] = eye.centre;
    const x = clip(v[eye.gaze[0]] + v[eye.gaze[2]], -1, 1), y = clip(v[eye.gaze[1]] + v[eye.gaze[3]], -1, 1);
    rotate(turn, r.gaze_side_degrees * x, -(y > 0 ? r.gaze_up_degrees : r.gaze_down_degrees) * y, 0);
    for (const p of eye.ball) {
      const at = 3 * p, a = out[at] - cx, b = out[at + 1] - cy, c = out[at + 2] - cz;
      out[at] = turn[0] * a + turn[1] * b + turn[2] * c + cx;
      out[at + 1] = turn[3] * a + turn[4] * b + turn[5] * c + cy;
      out[at + 2] = turn[6] * a + turn[7] * b + turn[8] * c + cz;
    }
  }

  function turnHead(face, head, out) {
    const r = face.rules, turn = face.turn;
    rotate(turn, head[2], -head[0], head[1]);
    const glideX = -10 * head[4], glideY = 10 * head[5], glideZ = 10 * head[3];
    for (let p = 0; p < face.points; p++) {
      const at = 3 * p, share = 1 - face.neck[p];
      const x = out[at], y = out[at + 1] - r.head_y, z = out[at + 2] - r.head_z;
      out[at] += share * (turn[0] * x + turn[1] * y + turn[2] * z - x + glideX);
      out[at + 1] += share * (turn[3] * x + turn[4] * y + turn[5] * z - y + glideY);
      out[at + 2] += share * (turn[6] * x + turn[7] * y + turn[8] * z - z + glideZ);
    }
  }

  /** About z (left up), then x (nods down), then y (to the left), in degrees -> matrix by rows. */
  function rotate(turn, aboutY, aboutX, aboutZ) {
    const unit = Math.PI / 180;
    const cy = Math.cos(aboutY * unit), sy = Math.sin(aboutY * unit);
    const cx = Math.cos(aboutX * unit), sx = Math.sin(aboutX * unit);
    const cz = Math.cos(aboutZ * unit), sz = Math.sin(aboutZ * unit);
    turn[0] = cy * cz + sy * sx * sz;
    turn[1] = -cy * sz + sy * sx * cz;
    turn[2] = sy * cx;
    turn[3] = cx * sz;
    turn[4] = cx * cz;
    turn[5] = -sx;
    turn[6] = -sy * cz + cy * sx * sz;
    turn[7] = sy * sz + cy * sx * cz;
    turn[8] = cy * cx;
  }

  const clip = (x, low, high) => Math.min(Math.max(x, low), high);

  function smooth(low, high, t) {
    const h = clip((t - low) / (high - low), 0, 1);
    return h * h * (3 - 2 * h);
  }

  return { load, unpack, fromArrays, evaluate };
})();
