/* What is computed from sound: the outline of a waveform, a spectrogram, slower speech at the same pitch. */
const Signal = (() => {
  "use strict";
  const FFT = 512;
  const FLOOR_DB = 75;

  /* Lowest and highest sample under each of `width` columns, as [low0, high0, low1, ...]. */
  function outline(samples, first, last, width) {
    const found = new Float32Array(2 * width);
    const step = (last - first) / width;
    for (let x = 0; x < width; x++) {
      const from = Math.max(0, Math.floor(first + x * step));
      const to = Math.min(samples.length, Math.max(from + 1, Math.floor(first + (x + 1) * step)));
      let low = 0, high = 0;
      for (let i = from; i < to; i++) {
        const value = samples[i];
        if (value < low) low = value;
        else if (value > high) high = value;
      }
      found[2 * x] = low;
      found[2 * x + 1] = high;
    }
    return found;
  }

  /* In-place radix-2 FFT of complex numbers. */
  function fft(re, im) {
    const n = re.length;
    for (let i = 1, j = 0; i < n; i++) {
      let bit = n >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) {
        [re[i], re[j]] = [re[j], re[i]];
        [im[i], im[j]] = [im[j], im[i]];
      }
    }
    for (let size = 2; size <= n; size *= 2) {
      const half = size / 2;
      for (let k = 0; k < half; k++) {
        const angle = (-2 * Math.PI * k) / size;
        const c = Math.cos(angle), s = Math.sin(angle);
        for (let i = k; i < n; i += size) {
          const j = i + half;
          const a = re[j] * c - im[j] * s, b = re[j] * s + im[j] * c;
          re[j] = re[i] - a;
          im[j] = im[i] - b;
          re[i] += a;
          im[i] += b;
        }
      }
    }
  }

  /* Loudness 0..1 of `rows` bands from 0 Hz to half the rate under each of `width` columns, column by column. */
  function spectrogram(samples, first, last, width, rows) {
    const window = Float64Array.from({ length: FFT }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FFT));
    const levels = new Float32Array(width * rows);
    const re = new Float64Array(FFT), im = new Float64Array(FFT);
    let top = -200;
    for (let x = 0; x < width; x++) {
      const start = Math.round(first + ((x + 0.5) * (last - first)) / width) - FFT / 2;
      for (let i = 0; i < FFT; i++) {
        const at = start + i;
        const before = at > 0 && at < samples.length ? samples[at - 1] : 0;
        re[i] = at >= 0 && at < samples.length ? (samples[at] - 0.9 * before) * window[i] : 0;
        im[i] = 0;
      }
      fft(re, im);
      for (let row = 0; row < rows; row++) {
        const from = Math.floor((row * FFT) / 2 / rows);
        const to = Math.max(from + 1, Math.floor(((row + 1) * FFT) / 2 / rows));
        let energy = 1e-12;
        for (let k = from; k < to; k++) energy = Math.max(energy, re[k] * re[k] + im[k] * im[k]);
        const level = 10 * Math.log10(energy);
        levels[x * rows + row] = level;
        if (level > top) top = level;
      }
    }
    for (let i = 0; i < levels.length; i++) levels[i] = Math.max(0, 1 + (levels[i] - top) / FLOOR_DB);
    return levels;
  }

  /* Speech `factor` times as long at the same pitch: overlapping pieces, each moved to where it fits best. */
  function stretch(samples, factor, rate) {
    const piece = 2 * Math.round(rate * 0.016), hop = piece / 2, search = Math.round(rate * 0.008);
    const out = new Float32Array(Math.ceil(samples.length * factor) + piece);
    const fade = Float32Array.from({ length: hop }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / hop));
    const at = (i) => (i >= 0 && i < samples.length ? samples[i] : 0);
    let previous = 0;
    for (let to = 0; to + piece <= out.length; to += hop) {
      const wanted = Math.round(to / factor);
      let best = wanted;
      if (to > 0) {
        let score = -Infinity;
        for (let shift = -search; shift <= search; shift += 2) {
          let sum = 0, energy = 1e-6;
          for (let i = 0; i < hop; i += 2) {
            const value = at(wanted + shift + i);
            sum += value * at(previous + hop + i);
            energy += value * value;
          }
          const fit = sum / Math.sqrt(energy);
          if (fit > score) {
            score = fit;
            best = wanted + shift;
          }
        }
      }
      for (let i = 0; i < hop; i++) {
        out[to + i] += at(best + i) * (to > 0 ? fade[i] : 1);
        out[to + hop + i] += at(best + hop + i) * (1 - fade[i]);
      }
      previous = best;
    }
    return out.subarray(0, Math.ceil(samples.length * factor));
  }

  return { outline, fft, spectrogram, stretch };
})();
