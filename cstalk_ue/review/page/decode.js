/* The payload of a line -> its curves (see payload.py). Computes only; touches no page. */
const Decode = (() => {
  "use strict";
  const STEPS = 16384;
  const HEAD = ["HeadYaw", "HeadPitch", "HeadRoll", "HeadTranslationX", "HeadTranslationY", "HeadTranslationZ"];
  let names = [];
  let defaults = new Float32Array(0);
  let columns = new Map();

  /* Names of all controls in the order of the rig, and their values at rest. */
  function rig(controlNames, controlDefaults) {
    names = controlNames;
    defaults = Float32Array.from(controlDefaults);
    columns = new Map(names.map((name, column) => [name, column]));
  }

  function bytes(base64) {
    const text = atob(base64);
    const data = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) data[i] = text.charCodeAt(i);
    return data;
  }

  async function inflate(data) {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /* Little-endian int16 differences, planar -> sums, planar; they wrap around as they did when written. */
  function integrate(data, curves, frames) {
    if (data.length !== 2 * curves * frames) {
      throw new Error(`curves of ${data.length} bytes; expected ${2 * curves * frames}.`);
    }
    const sums = new Int16Array(curves * frames);
    for (let curve = 0, at = 0; curve < curves; curve++) {
      let value = 0;
      for (let frame = 0; frame < frames; frame++, at++) {
        value = (value + (data[2 * at] | (data[2 * at + 1] << 8))) & 0xffff;
        sums[at] = value;
      }
    }
    return sums;
  }

  function unpack(payload, curveBytes, headBytes, shapeBytes) {
    const { fps, frames, start } = payload;
    const steps = integrate(curveBytes, payload.controls.length, frames);
    const values = new Float32Array(frames * names.length);
    for (let frame = 0; frame < frames; frame++) values.set(defaults, frame * names.length);
    payload.controls.forEach((name, curve) => {
      const column = columns.get(name);
      if (column === undefined) throw new Error(`no control ${name} on the rig.`);
      for (let frame = 0; frame < frames; frame++) {
        values[frame * names.length + column] = steps[curve * frames + frame] / STEPS;
      }
    });
    const headSteps = integrate(headBytes, payload.head_curves.length, frames);
    const head = new Float32Array(frames * HEAD.length);
    payload.head_curves.forEach((name, curve) => {
      const column = HEAD.indexOf(name);
      for (let frame = 0; column >= 0 && frame < frames; frame++) {
        head[frame * HEAD.length + column] = headSteps[curve * frames + frame] * payload.head_scale[curve];
      }
    });
    const { shapes: packed } = payload, count = packed ? packed.scales.length : 0;
    const shapeSteps = packed ? integrate(shapeBytes, count, frames) : null;
    const shapes = packed ? new Float32Array(frames * count) : null; // of the head of a DNA
    for (let k = 0; k < count; k++) {
      for (let frame = 0; frame < frames; frame++) {
        shapes[frame * count + k] = shapeSteps[k * frames + frame] * packed.scales[k];
      }
    }
    return {
      fps, frames, start, values, head, shapes, phones: payload.phones, emotion: payload.emotion,
      weights: payload.emotion_weights,
    };
  }

  async function line(payload) {
    const packed = [payload.curves, payload.head, ...(payload.shapes ? [payload.shapes.steps] : [])];
    return unpack(payload, ...(await Promise.all(packed.map((text) => inflate(bytes(text))))));
  }

  /* Values and head of a line at a time, linear between frames, held outside; `shapes` may be null. */
  function sample(decoded, seconds, values, head, shapes = null) {
    const last = decoded.frames - 1;
    const position = Math.min(Math.max((seconds - decoded.start) * decoded.fps, 0), last);
    const left = Math.floor(position);
    const right = Math.min(left + 1, last);
    const share = position - left;
    for (const [from, to] of [[decoded.values, values], [decoded.head, head], [decoded.shapes, shapes]]) {
      if (!from || !to) continue;
      const width = to.length;
      for (let i = 0; i < width; i++) {
        const a = from[left * width + i];
        to[i] = a + (from[right * width + i] - a) * share;
      }
    }
  }

  return { HEAD, rig, bytes, inflate, integrate, unpack, line, sample, names: () => names };
})();
