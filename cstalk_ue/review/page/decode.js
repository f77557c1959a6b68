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

  function unpack(payload, curveBytes, headBytes) {
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
    return {
      fps, frames, start, values, head, phones: payload.phones, emotion: payload.emotion,
      weights: payload.emotion_weights,
    };
  }

  async function line(payload) {
    const [curves, head] = await Promise.all([inflate(bytes(payload.curves)), inflate(bytes(payload.head))]);
    return unpack(payload, curves, head);
  }

  /* Values and head of a line at a time, linear between frames, held outside. */
  function sample(decoded, seconds, values, head) {
    const last = decoded.frames - 1;
    const position = Math.min(Math.max((seconds - decoded.start) * decoded.fps, 0), last);
    const left = Math.floor(position);
    const right = Math.min(left + 1, last);
    const share = position - left;
    for (const [from, to] of [[decoded.values, values], [decoded.head, head]]) {
      const width = to.length;
      for (let i = 0; i < width; i++) {
        const a = from[left * width + i];
        to[i] = a + (from[right * width + i] - a) * share;
      }
    }
  }

  return { HEAD, rig, bytes, inflate, integrate, unpack, line, sample, names: () => names };
})();
