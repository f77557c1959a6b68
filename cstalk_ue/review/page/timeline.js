/* Sound, phones, emotion and the curves of the face on one clock; click or drag to seek, Shift-drag to loop. */
const Timeline = (() => {
  "use strict";
  const CLOSING = new Set(["P", "B", "M"]);
  const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
  const SHORTEST_VIEW = 0.15;
  const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  /* The mean of some controls over the frames of a decoded line. */
  function meanCurve(line, columns, head) {
    const width = head ? Decode.HEAD.length : Decode.names().length;
    const from = head ? line.head : line.values;
    const mean = new Float32Array(line.frames);
    for (let frame = 0; frame < line.frames; frame++) {
      let sum = 0;
      for (const column of columns) sum += from[frame * width + column];
      mean[frame] = sum / columns.length;
    }
    return mean;
  }

  /* config: of the page. told: {seek(seconds, last), range(first, last), toggle}. */
  function create(root, config, told) {
    const regions = config.regions.map((region) => {
      const head = region.unit !== "";
      const names = head ? Decode.HEAD : config.controls;
      return { ...region, head, groups: region.curves.map(([, members]) => members.map((n) => names.indexOf(n))) };
    });
    let line = null, ghost = null, sound = null, duration = 1, view = [0, 1], spectrum = false;
    let curves = [], ghostCurves = [], picture = null;

    const tracks = element("div", "tracks");
    tracks.tabIndex = 0;
    tracks.setAttribute("role", "slider");
    tracks.setAttribute("aria-label", "Playhead");
    tracks.setAttribute("aria-valuemin", "0");
    const top = strip("top"), rest = strip("rest");
    const playhead = element("div", "playhead");
    const range = element("div", "range");
    range.hidden = true;
    tracks.append(top.root, rest.root, range, playhead);
    root.append(tracks);
    const spectrumLabel = element("div");
    spectrumLabel.append(element("div", "track-name", "Spectrogram"), element("small", "", "0 to 8 kHz"));
    const regionLabels = [];
    const outputs = regions.map(buildLegend);

    function strip(name) {
      const made = { root: element("div", `strip ${name}`), labels: element("div", "labels") };
      made.canvas = element("canvas");
      made.canvas.setAttribute("aria-hidden", "true");
      made.root.append(made.labels, made.canvas);
      return made;
    }

    function buildLegend(region) {
      const label = element("div", "track");
      const name = element("div", "track-name", region.name);
      if (region.unit) name.append(" ", element("small", "", region.unit));
      const legend = element("div", "legend");
      const values = region.curves.map(([text], i) => {
        const entry = element("span"), value = element("output");
        entry.title = region.curves[i][1].join(" ");
        entry.append(element("i", `k${i + 1}`), element("b", "", text), value);
        legend.append(entry);
        return value;
      });
      label.append(name, legend);
      regionLabels.push(label);
      return values;
    }

    // What is shown

    function show(shown) {
      ({ line, ghost, sound, duration } = shown);
      if (!shown.keepView) view = [0, duration];
      picture = null;
      const mean = (from) => regions.map((r) => r.groups.map((group) => meanCurve(from, group, r.head)));
      curves = line ? mean(line) : [];
      ghostCurves = ghost ? mean(ghost) : [];
      tracks.setAttribute("aria-valuemax", duration.toFixed(3));
      draw();
    }

    function layout() {
      const unit = rem();
      const parts = [["ruler", 1.4 * unit], ["sound", 4.2 * unit]];
      if (line && line.phones) parts.push(["phones", 1.6 * unit]);
      parts.push(["emotion", 1.9 * unit]);
      let at = 0;
      return parts.map(([name, height]) => {
        const part = { name, y: Math.round(at), height: Math.round(height) };
        at += part.height;
        return part;
      });
    }

    function labelTop(parts) {
      const texts = { ruler: "", sound: "Sound", phones: "Phones", emotion: "Emotion" };
      const notes = { sound: sound ? "" : "none", emotion: (line && line.emotion) || "not known" };
      top.labels.replaceChildren(...parts.map(({ name, height }) => {
        const label = element("div");
        label.style.height = `${height}px`;
        const text = element("div", "track-name", texts[name]);
        if (notes[name]) {
          text.append(" ", element("small", "", notes[name]));
          label.title = notes[name];
        }
        label.append(text);
        return label;
      }));
    }

    // Drawing

    const gutter = () => top.labels.offsetWidth;
    const width = () => Math.max(1, tracks.clientWidth - gutter());
    const toX = (seconds) => ((seconds - view[0]) / (view[1] - view[0])) * width();
    const toSeconds = (x) => view[0] + (x / width()) * (view[1] - view[0]);

    function pen(canvas, height) {
      const ratio = Math.min(window.devicePixelRatio || 1, 3);
      canvas.style.height = `${height}px`;
      canvas.width = Math.round(width() * ratio);
      canvas.height = Math.round(height * ratio);
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      return context;
    }

    function colours() {
      const style = getComputedStyle(document.documentElement);
      return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
    }

    function draw() {
      if (!root.clientWidth) return;
      const paint = colours(), parts = layout();
      labelTop(parts);
      const height = parts[parts.length - 1].y + parts[parts.length - 1].height;
      const above = pen(top.canvas, height);
      grid(above, paint, height);
      const painters = { ruler, sound: waveform, phones, emotion };
      for (const part of parts) painters[part.name](above, paint, part);
      const each = Math.round(4.5 * rem()), extra = spectrum && sound ? Math.round(9 * rem()) : 0;
      rest.labels.replaceChildren(...(extra ? [spectrumLabel] : []), ...regionLabels);
      spectrumLabel.style.height = `${extra}px`;
      for (const label of regionLabels) label.style.height = `${each}px`;
      const below = pen(rest.canvas, extra + each * regions.length);
      grid(below, paint, extra + each * regions.length);
      if (extra) spectrogram(below, paint, { y: 0, height: extra });
      regions.forEach((region, i) => drawRegion(below, paint, i, extra + i * each, each));
      place();
    }

    function step() {
      const least = ((view[1] - view[0]) / width()) * 70;
      return STEPS.find((each) => each >= least) || 3600;
    }

    function marks() {
      const every = step(), found = [];
      for (let n = Math.ceil(view[0] / every - 1e-9); n * every <= view[1]; n++) found.push(n * every);
      return found;
    }

    function grid(context, paint, height) {
      context.fillStyle = paint.panel;
      context.fillRect(0, 0, width(), height);
      context.fillStyle = paint.line;
      context.globalAlpha = 0.6;
      for (const time of marks()) context.fillRect(Math.round(toX(time)), 0, 1, height);
      context.globalAlpha = 1;
    }

    function ruler(context, paint, { height }) {
      context.fillStyle = paint.muted;
      context.font = `${0.82 * rem()}px system-ui, sans-serif`;
      context.textBaseline = "middle";
      const digits = Math.max(0, Math.ceil(-Math.log10(step()) - 1e-9));
      for (const time of marks()) {
        const minutes = Math.floor(time / 60 + 1e-9), seconds = (time - 60 * minutes).toFixed(digits);
        const text = duration < 60 ? `${seconds} s` : `${minutes}:${seconds.padStart(digits ? digits + 3 : 2, "0")}`;
        context.fillText(text, toX(time) + 4, height / 2);
      }
    }

    function between(seconds) {
      return Math.round(seconds * sound.rate);
    }

    function waveform(context, paint, { y, height }) {
      const middle = y + height / 2;
      if (!sound) {
        context.fillStyle = paint.line;
        context.fillRect(0, middle, width(), 1);
        return;
      }
      const columns = Math.round(width());
      const outline = Signal.outline(sound.samples, between(view[0]), between(view[1]), columns);
      if (!sound.peak) sound.peak = Math.max(0.02, sound.samples.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
      const scale = (height / 2 - 3) / sound.peak;
      context.fillStyle = paint.wave;
      for (let x = 0; x < columns; x++) {
        const high = outline[2 * x + 1] * scale, low = outline[2 * x] * scale;
        context.fillRect(x, middle - high, 1, Math.max(1, high - low));
      }
    }

    function spectrogram(context, paint, { y, height }) {
      const columns = Math.min(2000, Math.round(width())), rows = Math.min(128, Math.round(height));
      const key = `${view} ${columns} ${rows} ${paint.panel}`;
      if (!picture || picture.key !== key) {
        const levels = Signal.spectrogram(sound.samples, between(view[0]), between(view[1]), columns, rows);
        const image = new ImageData(columns, rows);
        const [from, to] = [rgb(paint.panel), rgb(paint.fg)];
        for (let x = 0; x < columns; x++) {
          for (let row = 0; row < rows; row++) {
            const level = levels[x * rows + row] ** 1.4, at = 4 * ((rows - 1 - row) * columns + x);
            for (let c = 0; c < 3; c++) image.data[at + c] = from[c] + (to[c] - from[c]) * level;
            image.data[at + 3] = 255;
          }
        }
        const canvas = element("canvas");
        canvas.width = columns;
        canvas.height = rows;
        canvas.getContext("2d").putImageData(image, 0, 0);
        picture = { key, canvas };
      }
      context.drawImage(picture.canvas, 0, y, width(), height);
    }

    function rgb(hex) {
      return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    }

    function phones(context, paint, { y, height }) {
      context.textBaseline = "middle";
      context.textAlign = "center";
      for (const [start, end, name] of line.phones) {
        if (end < view[0] || start > view[1] || name === "SIL") continue;
        const left = toX(start), right = toX(end), closing = CLOSING.has(name);
        context.fillStyle = closing ? paint["bad-bg"] : paint.raised;
        context.fillRect(left + 0.5, y + 2, Math.max(1, right - left - 1), height - 4);
        context.font = `${closing ? "bold " : ""}${0.82 * rem()}px system-ui, sans-serif`;
        context.fillStyle = closing ? paint.bad : paint.fg;
        if (right - left > context.measureText(name).width) context.fillText(name, (left + right) / 2, y + height / 2);
      }
      context.textAlign = "start";
    }

    function emotion(context, paint, { y, height }) {
      const weights = line && line.weights;
      const names = Object.keys(config.emotions);
      const low = y + height - 3, full = height - 6;
      context.fillStyle = paint.raised;
      context.fillRect(0, y + 3, width(), full);
      if (!weights) return;
      for (let x = 0; x < width(); x += 2) {
        const now = weightsAt(weights, toSeconds(x + 1));
        let base = low;
        for (let i = 0; i < names.length; i++) {
          if (names[i] === "neutral" || !now[i]) continue;
          context.fillStyle = config.emotions[names[i]];
          context.fillRect(x, base - now[i] * full, 2, now[i] * full);
          base -= now[i] * full;
        }
      }
    }

    function weightsAt({ times, weights }, seconds) {
      const next = times.findIndex((time) => time > seconds);
      if (next === 0) return weights[0];
      if (next < 0) return weights[weights.length - 1];
      const share = (seconds - times[next - 1]) / (times[next] - times[next - 1]);
      return weights[next].map((weight, i) => weights[next - 1][i] + share * (weight - weights[next - 1][i]));
    }

    function drawRegion(context, paint, index, y, height) {
      context.fillStyle = paint.line;
      context.fillRect(0, y, width(), 1);
      if (!line) return;
      const sets = ghost ? [curves[index], ghostCurves[index]] : [curves[index]];
      let high = regions[index].top, low = regions[index].head ? -high : 0;
      for (const each of sets.flat()) {
        for (const value of each) {
          if (value > high) high = value;
          else if (value < low) low = value;
        }
      }
      const toY = (value) => y + 5 + ((high - value) / (high - low)) * (height - 10);
      context.fillStyle = paint.muted;
      context.globalAlpha = 0.45;
      context.fillRect(0, Math.round(toY(0)), width(), 1);
      context.globalAlpha = 1;
      if (ghost) ghostCurves[index].forEach((values, i) => stroke(context, paint[`c${i + 1}`], ghost, values, toY, true));
      curves[index].forEach((values, i) => stroke(context, paint[`c${i + 1}`], line, values, toY, false));
    }

    function stroke(context, colour, from, values, toY, dashed) {
      const first = Math.max(0, Math.floor((view[0] - from.start) * from.fps) - 1);
      const last = Math.min(from.frames - 1, Math.ceil((view[1] - from.start) * from.fps) + 1);
      const skip = Math.max(1, Math.floor((last - first) / width() / 2));
      context.beginPath();
      for (let frame = first; frame <= last; frame += skip) {
        context.lineTo(toX(from.start + frame / from.fps), toY(values[frame]));
      }
      context.strokeStyle = colour;
      context.lineWidth = dashed ? 1 : 1.6;
      context.globalAlpha = dashed ? 0.75 : 1;
      context.setLineDash(dashed ? [4, 3] : []);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 1;
    }

    // The playhead

    let shownSeconds = 0, loopRange = null;

    function place() {
      const x = toX(shownSeconds);
      const inside = x >= -1 && x <= width() + 1;
      playhead.hidden = !inside;
      playhead.style.transform = `translateX(${gutter() + x}px)`;
      range.hidden = !loopRange;
      if (loopRange) {
        const left = Math.max(0, toX(loopRange[0])), right = Math.min(width(), toX(loopRange[1]));
        range.style.width = `${Math.max(0, right - left)}px`;
        range.style.transform = `translateX(${gutter() + left}px)`;
      }
    }

    function move(seconds, playing) {
      shownSeconds = seconds;
      const length = view[1] - view[0];
      if (playing && length < duration - 1e-6 && (seconds > view[1] || seconds < view[0])) {
        look(Math.min(seconds, duration - length), length);
      } else place();
      tracks.setAttribute("aria-valuenow", seconds.toFixed(3));
      if (!line) return;
      const frame = Math.min(Math.max(Math.round((seconds - line.start) * line.fps), 0), line.frames - 1);
      regions.forEach((region, i) => {
        outputs[i].forEach((output, j) => {
          const text = curves[i][j][frame].toFixed(region.head ? 1 : 2).replace(/^-0(\.0+)$/, "0$1");
          if (output.textContent !== text) output.textContent = text;
        });
      });
    }

    function look(start, length) {
      length = Math.min(Math.max(length, Math.min(SHORTEST_VIEW, duration)), duration);
      start = Math.min(Math.max(start, 0), duration - length);
      view = [start, start + length];
      draw();
    }

    function zoom(factor, about = shownSeconds) {
      const length = view[1] - view[0];
      about = Math.min(Math.max(about, view[0]), view[1]);
      look(about - ((about - view[0]) / length) * (length / factor), length / factor);
    }

    // The hand

    let dragging = null;

    function secondsAt(event) {
      const x = event.clientX - tracks.getBoundingClientRect().left - gutter();
      return Math.min(Math.max(toSeconds(x), 0), duration);
    }

    tracks.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.target.closest(".labels")) return;
      tracks.setPointerCapture(event.pointerId);
      tracks.focus({ preventScroll: true });
      dragging = { from: secondsAt(event), range: event.shiftKey };
      if (!event.shiftKey) told.seek(dragging.from, false);
      event.preventDefault();
    });
    tracks.addEventListener("pointermove", (event) => {
      if (!dragging) return;
      const to = secondsAt(event);
      if (dragging.range) told.range(Math.min(dragging.from, to), Math.max(dragging.from, to), false);
      else told.seek(to, false);
    });
    const drop = (event) => {
      if (!dragging) return;
      const to = secondsAt(event), { from, range: ranged } = dragging;
      dragging = null;
      if (ranged) told.range(Math.min(from, to), Math.max(from, to), true);
      else told.seek(to, true);
    };
    tracks.addEventListener("pointerup", drop);
    tracks.addEventListener("pointercancel", () => { dragging = null; });
    root.addEventListener("wheel", (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * 0.004), secondsAt(event));
      else if (sideways && view[1] - view[0] < duration - 1e-6) {
        const by = ((event.deltaX || event.deltaY) / width()) * (view[1] - view[0]);
        look(view[0] + by, view[1] - view[0]);
      } else return;
      event.preventDefault();
    }, { passive: false });
    new ResizeObserver(() => requestAnimationFrame(draw)).observe(tracks);

    return {
      show, move, draw, zoom,
      fit: () => look(0, duration),
      view: () => view.slice(),
      setSpectrum(on) {
        spectrum = on;
        draw();
      },
      setRange(value) {
        loopRange = value;
        place();
      },
      describe: (text) => tracks.setAttribute("aria-valuetext", text),
    };
  }

  return { create, meanCurve };
})();
