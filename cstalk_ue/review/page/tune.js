// Tune: the panel of live tuning, there only when the page is served (cstalk-ue review --serve).
//
// Sliders and keys change an emotion track (tune_track.js); each change is sent to the server, at most one at a
// time and the newest next, and the new curves go to App.replace, which goes on playing. Nothing is written
// before "Save to manifest".
const Tune = (() => {
  "use strict";

  const UNDO_STEPS = 200;
  const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

  const edits = new Map(); // line -> {own, keys, intensity, past, future}
  let ui = null;
  let line = -1;
  let chosen = 0; // the key that the sliders show
  let before = ""; // what undo goes back to, taken when a gesture begins
  let wanted = null; // the newest request that is not sent yet
  let sending = false;

  // The panel

  function start() {
    const section = document.getElementById("tuning");
    if (!section || !window.REVIEW || !window.REVIEW.serve) return;
    section.hidden = false;
    ui = build(section);
    listen(section);
    App.onLine(show);
    if (App.lines.length) show(App.current());
    requestAnimationFrame(movePlayhead);
  }

  function make(tag, className, text, attributes) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    return element;
  }

  function build(section) {
    section.setAttribute("aria-label", "Live tuning");
    const parts = { sliders: [], values: [] };
    const head = make("div", "tune-head");
    parts.toggle = button(head, "Tuning");
    parts.toggle.classList.add("tune-toggle");
    parts.toggle.setAttribute("aria-expanded", "true");
    parts.problem = make("span", "tune-problem", "", { role: "status" });
    parts.timing = make("output", "tune-timing", "", { "aria-label": "Time of the last change" });
    parts.saved = make("span", "tune-saved", "", { role: "status" });
    head.append(parts.problem, parts.timing, parts.saved);
    parts.save = button(head, "Save to manifest");
    parts.save.classList.add("tune-save");
    parts.body = make("div", "tune-body");

    parts.group = make("fieldset", "tune-sliders");
    parts.legend = make("legend", "");
    parts.group.append(parts.legend);
    for (const emotion of Track.EMOTIONS) {
      const [row, slider, value] = sliderRow(emotion);
      row.style.setProperty("--tint", window.REVIEW.emotions[emotion]);
      parts.sliders.push(slider);
      parts.values.push(value);
      parts.group.append(row);
    }
    const [row, slider, value] = sliderRow("intensity");
    [parts.intensity, parts.intensityValue] = [slider, value];
    parts.group.append(row);

    const right = make("div", "tune-right");
    parts.track = make("div", "tune-track", "", { role: "group", "aria-label": "Keys over time" });
    parts.picture = make("canvas", "tune-picture", "", { "aria-hidden": "true" });
    parts.playhead = make("div", "tune-playhead", "", { "aria-hidden": "true" });
    parts.keys = make("div", "tune-keys");
    parts.track.append(parts.picture, parts.playhead, parts.keys);
    const row2 = make("div", "tune-edit");
    const buttons = make("div", "tune-buttons");
    parts.add = button(buttons, "Add key", "A key at the playhead; double-click the picture for one there");
    parts.remove = button(buttons, "Delete key", "Del on a key");
    parts.undo = button(buttons, "Undo", "Ctrl+Z");
    parts.redo = button(buttons, "Redo", "Ctrl+Shift+Z");
    parts.reset = button(buttons, "Reset", "Back to the emotion of the curves on disk");
    const label = make("label", "hidden-text", "Track, as --emotion reads it", { for: "tune-text" });
    parts.text = make("input", "tune-text", "", {
      id: "tune-text", type: "text", spellcheck: "false", autocomplete: "off", "aria-describedby": "tune-error",
      title: "The track, as --emotion reads it: angry:0.7, happy:0.4+surprised:0.3 or 0=neutral 1.2=angry:0.8",
    });
    row2.append(buttons, label, parts.text);
    parts.error = make("p", "tune-error", "", { id: "tune-error", role: "status" });
    right.append(parts.track, row2, parts.error);
    parts.body.append(parts.group, right);
    section.replaceChildren(head, parts.body);
    return parts;
  }

  function sliderRow(name) {
    const row = make("div", "tune-row");
    const id = `tune-${name}`;
    const slider = make("input", "", "", { id, type: "range", min: "0", max: "1", step: "0.01" });
    const value = make("output", "", "", { for: id });
    row.append(make("label", "", name, { for: id }), slider, value);
    return [row, slider, value];
  }

  function button(parent, text, title) {
    const made = make("button", "", text, { type: "button", ...(title ? { title } : {}) });
    parent.append(made);
    return made;
  }

  function listen(section) {
    section.addEventListener("keydown", keyDown);
    ui.toggle.addEventListener("click", () => {
      const open = ui.toggle.getAttribute("aria-expanded") !== "true";
      ui.toggle.setAttribute("aria-expanded", String(open));
      section.classList.toggle("tune-closed", !open);
    });
    ui.sliders.forEach((slider, i) => {
      slider.addEventListener("input", () => {
        begin();
        const now = edits.get(line);
        const weights = Track.withWeight(now.keys[chosen].weights, i, Number(slider.value));
        change(Track.replaced(now.keys, chosen, weights), now.intensity);
      });
      slider.addEventListener("change", end);
    });
    ui.intensity.addEventListener("input", () => {
      begin();
      change(edits.get(line).keys, Number(ui.intensity.value));
    });
    ui.intensity.addEventListener("change", end);
    ui.add.addEventListener("click", () => addKey(App.seconds()));
    ui.remove.addEventListener("click", () => removeKey(chosen));
    ui.undo.addEventListener("click", () => travel("past", "future"));
    ui.redo.addEventListener("click", () => travel("future", "past"));
    ui.reset.addEventListener("click", () => once(Track.parse(edits.get(line).own), 1));
    ui.text.addEventListener("input", () => readText(false));
    ui.text.addEventListener("change", () => readText(true));
    ui.save.addEventListener("click", save);
    ui.track.addEventListener("dblclick", (event) => {
      if (event.target.closest(".tune-key")) return;
      addKey(secondsAt(event.clientX));
    });
    new ResizeObserver(() => line in App.lines && edits.has(line) && drawTrack()).observe(ui.track);
  }

  // The page has shortcuts of its own (space, arrows, letters). What is meant for a field here ends here; of the
  // rest, a slider that has the focus passes on what it has no use for.
  function keyDown(event) {
    const field = event.target;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (field === ui.text) {
      if (event.key === "Escape" && edits.has(line)) ui.text.value = Track.format(edits.get(line).keys);
      if (event.key === "Escape") readText(true);
      event.stopPropagation();
    } else if (!plain && "zy".includes(event.key.toLowerCase()) && !event.altKey && edits.has(line)) {
      const redo = event.shiftKey || event.key.toLowerCase() === "y";
      if (redo) travel("future", "past");
      else travel("past", "future");
      event.preventDefault();
    } else if (plain && field.matches("input[type=range]") && !ARROWS.includes(event.key) && event.key !== "Tab") {
      event.preventDefault();
      const { key, shiftKey, repeat } = event;
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, repeat, bubbles: true }));
    }
  }

  // Lines

  async function show(index) {
    line = index;
    chosen = 0;
    before = "";
    ui.saved.textContent = ui.error.textContent = "";
    if (!edits.has(index)) {
      tell("Reading the line …", false);
      const state = await post("state", { line: index });
      if (line !== index) return;
      if (state.error || state.problem) return tell(state.error || state.problem, false);
      const [keys, intensity] = [Track.parse(state.emotion), state.intensity];
      if (!edits.has(index)) edits.set(index, { own: ownText(state.own), keys, intensity, past: [], future: [] });
      ui.save.title = `Writes ${state.manifest}`;
      if (state.saved) ui.saved.textContent = "Saved before";
    }
    tell("", true);
    draw();
    if (effective(edits.get(index)) === edits.get(index).own) return;
    await loaded(index); // what the page reads from disk must not come after these curves
    if (line === index) ask();
  }

  async function loaded(index) {
    for (let tries = 0; tries < 40 && line === index; tries++) {
      if (Math.abs(App.duration() - App.lines[index].seconds) < 0.1) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  function tell(problem, usable) {
    ui.problem.textContent = problem;
    for (const part of [ui.body, ui.save, ui.timing]) part.hidden = !usable;
  }

  // Changes

  const ownText = (text) => Track.format(Track.parse(text));
  const copyOf = (now) => JSON.stringify({ keys: now.keys, intensity: now.intensity });
  const effective = (now) =>
    Track.format(now.keys.map((key) => ({ ...key, weights: key.weights.map((w) => w * now.intensity) })));

  function begin() {
    if (!before) before = copyOf(edits.get(line));
  }

  function end() {
    const now = edits.get(line);
    if (before && before !== copyOf(now)) {
      now.past.push(before);
      now.past.splice(0, now.past.length - UNDO_STEPS);
      now.future = [];
    }
    before = "";
    draw();
  }

  function change(keys, intensity) {
    Object.assign(edits.get(line), { keys, intensity });
    chosen = Math.min(chosen, keys.length - 1);
    ui.saved.textContent = ui.error.textContent = "";
    ui.text.removeAttribute("aria-invalid");
    draw();
    ask();
  }

  function once(keys, intensity) {
    begin();
    change(keys, intensity);
    end();
  }

  function travel(from, to) {
    const now = edits.get(line);
    before = "";
    if (!now[from].length) return;
    now[to].push(copyOf(now));
    const { keys, intensity } = JSON.parse(now[from].pop());
    change(keys, intensity);
  }

  function addKey(seconds) {
    const now = edits.get(line);
    const [keys, index] = Track.added(now.keys, Math.min(seconds, duration()));
    chosen = index;
    if (keys.length > now.keys.length) once(keys, now.intensity);
    else draw();
    ui.keys.children[index].focus();
  }

  function removeKey(index) {
    const now = edits.get(line);
    if (now.keys.length < 2) return;
    once(Track.removed(now.keys, index), now.intensity);
    ui.keys.children[chosen].focus();
  }

  function readText(finished) {
    let keys;
    try {
      keys = Track.parse(ui.text.value);
    } catch (error) {
      ui.error.textContent = error.message;
      ui.text.setAttribute("aria-invalid", "true");
      return;
    }
    ui.error.textContent = "";
    ui.text.removeAttribute("aria-invalid");
    if (Track.format(keys) !== Track.format(edits.get(line).keys)) {
      begin();
      change(keys, edits.get(line).intensity);
    }
    if (finished) end();
  }

  // The server

  async function post(what, body) {
    try {
      const answer = await fetch(what, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Review-Token": window.REVIEW.token },
        body: JSON.stringify(body),
      });
      const data = await answer.json();
      return answer.ok ? data : { error: data.error || "The server refused.", status: answer.status };
    } catch (error) {
      return { error: "The server does not answer; is cstalk-ue review --serve still running?" };
    }
  }

  function ask() {
    const now = edits.get(line);
    const since = wanted && wanted.line === line ? wanted.since : performance.now();
    wanted = { line, emotion: Track.format(now.keys), intensity: now.intensity, since };
    if (!sending) pump();
  }

  async function pump() {
    sending = true;
    while (wanted) {
      const job = wanted;
      wanted = null;
      const payload = await post("tune", { line: job.line, emotion: job.emotion, intensity: job.intensity });
      if (payload.status === 409) {
        if (!wanted) wanted = job; // another window drags the same line; this one still waits
        await new Promise((resolve) => setTimeout(resolve, 100));
      } else if (payload.error) {
        if (job.line === line) ui.error.textContent = payload.error;
      } else {
        await arrive(job, payload);
      }
    }
    sending = false;
  }

  async function arrive(job, payload) {
    try {
      await App.replace(job.line, payload);
      App.setEmotion(job.line, payload.emotion);
    } catch (error) {
      ui.error.textContent = `These curves cannot be shown: ${error.message}`;
      return;
    }
    const spent = Math.round(performance.now() - job.since);
    ui.timing.textContent = `${spent} ms`;
    ui.timing.title = `From the change to new curves; ${Math.round(payload.milliseconds)} ms of it in the server`;
    ui.timing.dataset.milliseconds = spent;
    ui.timing.dataset.count = Number(ui.timing.dataset.count || 0) + 1;
  }

  async function save() {
    const index = line;
    const now = edits.get(index);
    ui.save.disabled = true;
    const body = { line: index, emotion: Track.format(now.keys), intensity: now.intensity };
    const { decision, note } = App.decision(index);
    if (decision) body.decision = decision; // what is not decided here may be decided there
    if (note) body.note = note;
    const answer = await post("save", body);
    ui.save.disabled = false;
    if (line !== index) return;
    const row = answer.updated ? "row updated" : "row added";
    ui.saved.textContent = answer.error || `Saved to ${answer.manifest.split(/[\\/]/).pop()}, ${row}`;
    ui.saved.title = answer.manifest || "";
    ui.saved.classList.toggle("tune-bad", Boolean(answer.error));
    App.announce(ui.saved.textContent);
  }

  // Drawing

  const duration = () => Math.max(0.1, App.lines[line].seconds || 0);
  const percent = (value) => `${Math.round(100 * value)} %`;

  function secondsAt(clientX) {
    const box = ui.track.getBoundingClientRect();
    return (duration() * (clientX - box.left)) / box.width;
  }

  function draw() {
    const now = edits.get(line);
    const { weights, time } = now.keys[chosen];
    const many = now.keys.length > 1;
    const rest = percent(Math.max(0, 1 - weights.reduce((sum, weight) => sum + weight, 0)));
    const where = many ? `Key ${chosen + 1} of ${now.keys.length} at ${time.toFixed(2)} s` : "Whole line";
    ui.legend.textContent = `${where}, neutral ${rest}`;
    ui.sliders.forEach((slider, i) => setSlider(slider, ui.values[i], weights[i]));
    setSlider(ui.intensity, ui.intensityValue, now.intensity);
    ui.remove.disabled = !many;
    ui.undo.disabled = !now.past.length;
    ui.redo.disabled = !now.future.length;
    ui.reset.disabled = effective(now) === now.own;
    if (document.activeElement !== ui.text || !before) ui.text.value = Track.format(now.keys);
    drawKeys(now);
    drawTrack();
  }

  function setSlider(slider, output, value) {
    slider.value = value;
    slider.style.setProperty("--share", `${100 * value}%`);
    slider.setAttribute("aria-valuetext", percent(value));
    output.textContent = percent(value);
  }

  function drawKeys(now) {
    while (ui.keys.children.length > now.keys.length) ui.keys.lastChild.remove();
    while (ui.keys.children.length < now.keys.length) ui.keys.append(keyHandle(ui.keys.children.length));
    now.keys.forEach((key, i) => {
      const handle = ui.keys.children[i];
      handle.style.left = `${100 * Math.min(1, key.time / duration())}%`;
      handle.classList.toggle("tune-chosen", i === chosen);
      const says = `${key.time.toFixed(2)} seconds, ${Track.format([key])}`;
      for (const [name, value] of [
        ["aria-label", `Key ${i + 1} of ${now.keys.length}`], ["aria-valuemax", duration().toFixed(2)],
        ["aria-valuenow", key.time.toFixed(2)], ["aria-valuetext", says],
      ]) handle.setAttribute(name, value);
      handle.title = says;
    });
  }

  function keyHandle(index) {
    const handle = make("button", "tune-key", "", { type: "button", role: "slider", "aria-valuemin": "0" });
    const choose = () => {
      chosen = index;
      draw();
    };
    const drag = (event) => {
      begin();
      const now = edits.get(line);
      change(Track.moved(now.keys, index, secondsAt(event.clientX), duration()), now.intensity);
    };
    handle.addEventListener("focus", () => index < edits.get(line).keys.length && choose());
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      handle.focus();
      choose();
      if (edits.get(line).keys.length < 2) return; // one key is the whole line
      handle.setPointerCapture(event.pointerId);
      handle.addEventListener("pointermove", drag);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      handle.addEventListener(name, () => {
        handle.removeEventListener("pointermove", drag);
        end();
      });
    }
    handle.addEventListener("keydown", (event) => moveByKey(event, index));
    return handle;
  }

  function moveByKey(event, index) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = edits.get(line);
    const frame = (event.shiftKey ? 10 : 1) / (App.lines[line].fps || 30);
    const step = { ArrowLeft: -frame, ArrowDown: -frame, ArrowRight: frame, ArrowUp: frame }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") removeKey(index);
    else if (step && now.keys.length > 1) {
      once(Track.moved(now.keys, index, now.keys[index].time + step, duration()), now.intensity);
    } else if (!ARROWS.includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Shares of the emotions over time, stacked, what is left being neutral.
  function drawTrack() {
    const now = edits.get(line);
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [ui.track.clientWidth, ui.picture.clientHeight].map((x) => Math.round(x * scale));
    if (!width || !height) return;
    Object.assign(ui.picture, { width, height });
    const pen = ui.picture.getContext("2d");
    const columns = Array.from({ length: Math.ceil(width / 2) + 1 }, (_, i) => {
      return Track.at(now.keys, (duration() * 2 * i) / width).map((weight) => weight * now.intensity);
    });
    let base = columns.map(() => 0);
    Track.EMOTIONS.forEach((emotion, e) => {
      const top = columns.map((weights, i) => base[i] + weights[e]);
      pen.beginPath();
      top.forEach((share, i) => pen.lineTo(2 * i, height * (1 - share)));
      for (let i = base.length - 1; i >= 0; i--) pen.lineTo(2 * i, height * (1 - base[i]));
      pen.fillStyle = window.REVIEW.emotions[emotion];
      pen.fill();
      base = top;
    });
  }

  function movePlayhead() {
    requestAnimationFrame(movePlayhead);
    if (!edits.has(line)) return;
    const left = `${(100 * Math.min(1, Math.max(0, App.seconds() / duration()))).toFixed(2)}%`;
    if (ui.playhead.style.left !== left) ui.playhead.style.left = left;
  }

  if (typeof document !== "undefined") document.addEventListener("DOMContentLoaded", start);
  return { start };
})();
