/* The page as a whole: which line is looked at, what the keys do, what is drawn when. */
const App = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const THREE_QUARTER = 35;
  const ZOOMS = { face: "Face", mouth: "Mouth", eyes: "Eyes" };
  const PLAY = "M4 2l10 6-10 6z", PAUSE = "M3 2h4v12H3zM9 2h4v12H9z";
  const listeners = [];
  const state = {
    index: -1, yaw: 0, zoom: "face", ghost: false, variants: false, spectrum: false, follow: false, advance: false,
  };
  let config = {}, lines = [], store = null, decisions = null, list = null, player = null, timeline = null;
  let stage = null, stageProblem = "", shown = null, ticket = 0, dirty = true, lastDrawn = -1;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const night = window.matchMedia("(prefers-color-scheme: dark)");

  function announce(text) {
    byId("live").textContent = "";
    requestAnimationFrame(() => { byId("live").textContent = text; });
  }

  /* The same for all to see; it goes away by itself. */
  let noticed = 0;
  function notice(text) {
    announce(text);
    byId("notice").textContent = text;
    clearTimeout(noticed);
    noticed = setTimeout(() => { byId("notice").textContent = ""; }, 8000);
  }

  function press(id, on) {
    byId(id).setAttribute("aria-pressed", String(on));
  }

  // The line that is looked at

  async function open(index) {
    if (index < 0 || index >= lines.length) return;
    const mine = ++ticket, line = lines[index];
    const changed = index !== state.index;
    state.index = index;
    list.select(index);
    describeLine();
    showDecision();
    if (changed) {
      announce(`${LineList.plain(line.name)}, ${line.emotion || "emotion not known"}, ${LineList.WORDS[decisions.get(index).decision]}`);
      listeners.forEach((listener) => listener(index));
    }
    await fill(mine, false);
    if (mine === ticket) readAhead();
  }

  /* Load and show all that belongs to the current line, unless another one is asked for meanwhile. */
  async function fill(mine, keep) {
    const index = state.index, line = lines[index];
    if (line.problem) {
      shown = null;
      stage.show([], index);
      player.load(null, 0, false);
      timeline.show({ line: null, ghost: null, sound: null, duration: 1 });
      message(line.problem);
      dirty = true;
      return;
    }
    try {
      const members = state.variants ? stage.variantsOf(index) : [index];
      const [cells, sound] = await Promise.all([
        Promise.all(members.map((member) => stage.cellOf(member, state.ghost))),
        line.audio === null ? null : store.sound(index).catch((error) => {
          notice(`This browser cannot play the sound: ${error.message}`);
          return null;
        }),
      ]);
      if (mine !== ticket) return;
      const own = cells.find((cell) => cell.index === index);
      const curvesEnd = own.line.start + own.line.frames / own.line.fps;
      const duration = Math.max(curvesEnd, sound ? sound.samples.length / sound.rate : 0);
      shown = own.line;
      stage.show(cells, index);
      message("");
      player.load(sound, duration, keep);
      timeline.show({ line: own.line, ghost: own.ghost, sound, duration, keepView: keep });
      timeline.setRange(player.range());
      byId("length").textContent = `/ ${clock(duration)}`;
      byId("frames").textContent = `of ${own.line.frames}`;
      dirty = true;
    } catch (error) {
      if (mine !== ticket) return;
      shown = null;
      stage.show([], index);
      player.load(null, 0, false);
      message(`This line cannot be shown: ${error.message}`);
    }
  }

  function readAhead() {
    const next = list.beside(state.index, 1);
    if (next < 0 || lines[next].problem) return;
    store.line(next).catch(() => {});
    if (lines[next].audio !== null) store.sound(next).catch(() => {});
  }

  /* Put it together again with other ghosts or variants; playhead and playing stay. */
  function refill() {
    if (state.index >= 0) fill(++ticket, true);
  }

  function message(text) {
    text = text || stageProblem;
    byId("stage-message").textContent = LineList.plain(text);
    byId("stage-message").hidden = !text;
  }

  function describeLine() {
    const line = lines[state.index];
    byId("line-name").textContent = byId("line-name").title = LineList.plain(line.name);
    const facts = [line.emotion, LineList.plain(line.model), line.fps ? `${Number(line.fps.toFixed(3))} fps` : ""];
    byId("line-facts").textContent = facts.filter(Boolean).join(" · ");
    byId("line-facts").title = byId("line-facts").textContent;
    byId("line-flags").replaceChildren(...line.flags.map((flag) => {
      const item = document.createElement("li");
      item.append(LineList.chip(flag, config, true));
      return item;
    }));
    const variants = stage.variantsOf(state.index).length;
    byId("variants").disabled = variants < 2;
    byId("variants").textContent = variants > 1 ? `Variants ${variants}` : "Variants";
    byId("ghost").disabled = !line.ghost;
  }

  // Drawing

  function clock(seconds) {
    const whole = Math.round(seconds * 1000);
    const pad = (number, digits) => String(number).padStart(digits, "0");
    return `${Math.floor(whole / 60000)}:${pad(Math.floor(whole / 1000) % 60, 2)}.${pad(whole % 1000, 3)}`;
  }

  function frameAt(seconds) {
    if (!shown) return 0;
    return Math.min(Math.max(Math.floor((seconds - shown.start) * shown.fps + 1e-4), 0), shown.frames - 1);
  }

  function isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : night.matches;
  }

  function tick() {
    requestAnimationFrame(tick);
    player.tick();
    const seconds = player.seconds();
    if (!dirty && seconds === lastDrawn) return;
    dirty = false;
    lastDrawn = seconds;
    byId("time").textContent = clock(seconds);
    byId("frame").textContent = String(frameAt(seconds));
    timeline.move(seconds, player.playing());
    if (!player.playing()) timeline.describe(`${clock(seconds)}, frame ${frameAt(seconds)}`);
    stage.draw(seconds, { yaw: state.yaw, dark: isDark() });
  }

  /* Another variant of the same sound: the playhead stays. */
  function goVariant(index) {
    const at = player.seconds(), playing = player.playing();
    open(index).then(() => {
      player.seek(at);
      if (playing) player.play();
    });
  }

  function redraw() {
    stage.resize();
    timeline.draw();
    dirty = true;
  }

  // Playing

  function toggle() {
    if (player.playing()) player.pause();
    else player.play();
  }

  function stepFrames(count) {
    if (!shown) return;
    player.pause();
    const { start, fps, frames } = shown;
    const frame = Math.min(Math.max(frameAt(player.seconds()) + count, 0), frames - 1);
    player.seek(start + frame / fps);
    dirty = true;
  }

  function step(direction) {
    const next = list.beside(state.index, direction);
    if (next < 0) notice(direction > 0 ? "This is the last line." : "This is the first line.");
    else open(next);
  }

  function onEnd() {
    if (!state.follow || calm.matches) return;
    const next = list.beside(state.index, 1);
    if (next >= 0) open(next).then(() => player.play());
  }

  function onState() {
    const playing = player.playing();
    byId("play-icon").setAttribute("d", playing ? PAUSE : PLAY);
    byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    dirty = true;
  }

  function setSpeed(speed) {
    player.setSpeed(speed);
    for (const button of byId("speeds").children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
    }
  }

  function setLoop(on) {
    player.setLoop(on);
    if (!on) {
      player.setRange(null);
      timeline.setRange(null);
    }
    press("loop", on);
  }

  function setRange(first, last, done) {
    const usable = last - first >= 0.05;
    timeline.setRange(usable ? [first, last] : null);
    if (!done) return;
    player.setRange(usable ? [first, last] : null);
    if (usable) {
      setLoop(true);
      player.seek(first);
    }
  }

  // Decisions

  function decide(decision) {
    if (state.index < 0) return;
    const index = state.index;
    decisions.set(index, { decision });
    announce(`${LineList.plain(lines[index].name)}: ${LineList.WORDS[decision]}`);
    if (state.advance && decision) step(1);
  }

  function showDecision() {
    if (state.index < 0) return;
    const { decision, note } = decisions.get(state.index);
    press("approve", decision === "approved");
    press("reject", decision === "rejected");
    press("undecide", decision === "");
    if (document.activeElement !== byId("note") || byId("note").dataset.index !== String(state.index)) {
      byId("note").value = note;
    }
    byId("note").dataset.index = String(state.index);
  }

  function keepNote() {
    const index = Number(byId("note").dataset.index);
    if (index >= 0) decisions.set(index, { note: byId("note").value });
  }

  function showProgress() {
    const approved = decisions.count("approved"), rejected = decisions.count("rejected");
    const open_ = lines.length - approved - rejected;
    byId("progress").textContent = `${approved} approved · ${rejected} rejected · ${open_} open`;
    byId("bar-approved").style.width = `${(100 * approved) / Math.max(1, lines.length)}%`;
    byId("bar-rejected").style.width = `${(100 * rejected) / Math.max(1, lines.length)}%`;
  }

  function exportCsv() {
    keepNote();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([decisions.csv()], { type: "text/csv;charset=utf-8" }));
    link.download = config.csv;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    notice(`${config.csv} is saved. Put it beside this page for predict --manifest.`);
  }

  async function loadCsv(file) {
    try {
      const { found, rows } = decisions.load(await file.text());
      notice(`${found} of ${rows} rows of ${LineList.plain(file.name)} belong to lines of this page.`);
    } catch (error) {
      notice(`${LineList.plain(file.name)} cannot be used: ${error.message}`);
    }
    byId("load-file").value = "";
  }

  function setTheme(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    byId("theme").textContent = `Theme: ${theme}`;
    Controls.remember("theme", theme);
  }

  function nextTheme() {
    const now = document.documentElement.dataset.theme || "auto";
    setTheme({ auto: isDark() ? "light" : "dark", light: "dark", dark: "auto" }[now]);
    redraw();
  }

  // What buttons and keys do

  const toggles = {
    view() {
      state.yaw = state.yaw ? 0 : THREE_QUARTER;
      byId("view").textContent = state.yaw ? "Three-quarter" : "Front";
      dirty = true;
    },
    zoom() {
      const names = Object.keys(ZOOMS);
      state.zoom = names[(names.indexOf(state.zoom) + 1) % names.length];
      byId("zoom-face").textContent = ZOOMS[state.zoom];
      stage.setZoom(state.zoom);
      dirty = true;
    },
    ghost() {
      if (byId("ghost").disabled) return notice("This line has no counterpart to compare with.");
      state.ghost = !state.ghost;
      press("ghost", state.ghost);
      refill();
    },
    variants() {
      if (byId("variants").disabled && !state.variants) return notice("No other line is made of this sound.");
      state.variants = !state.variants;
      press("variants", state.variants);
      refill();
    },
    spectrum() {
      state.spectrum = !state.spectrum;
      press("spectrum", state.spectrum);
      timeline.setSpectrum(state.spectrum);
    },
    loop: () => setLoop(!player.looping()),
    follow() {
      if (calm.matches) return notice("Off: this system asks for reduced motion.");
      state.follow = !state.follow;
      press("follow", state.follow);
      Controls.remember("follow", state.follow);
    },
    advance() {
      state.advance = !state.advance;
      press("advance", state.advance);
      Controls.remember("advance", state.advance);
    },
  };

  const actions = {
    " ": toggle, j: () => step(1), k: () => step(-1), a: () => decide("approved"), r: () => decide("rejected"),
    u: () => decide(""), n: () => byId("note").focus(), f: toggles.view, z: toggles.zoom, g: toggles.ghost,
    v: toggles.variants, s: toggles.spectrum, l: toggles.loop, "?": () => byId("help").showModal(),
    "/": () => byId("search").focus(), "+": () => timeline.zoom(1.5), "=": () => timeline.zoom(1.5),
    "-": () => timeline.zoom(1 / 1.5), 0: () => timeline.fit(), 1: () => setSpeed(0.25), 2: () => setSpeed(0.5),
    3: () => setSpeed(1), Home: () => player.seek(0), End: () => player.seek(player.duration()),
    ArrowLeft: (event) => stepFrames(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => stepFrames(event.shiftKey ? 10 : 1),
  };

  function wire() {
    const click = (id, action) => byId(id).addEventListener("click", action);
    click("play", toggle);
    click("back", () => stepFrames(-1));
    click("forward", () => stepFrames(1));
    click("previous", () => step(-1));
    click("next", () => step(1));
    click("approve", () => decide("approved"));
    click("reject", () => decide("rejected"));
    click("undecide", () => decide(""));
    click("view", toggles.view);
    click("zoom-face", toggles.zoom);
    for (const name of ["ghost", "variants", "spectrum", "loop", "follow", "advance"]) click(name, toggles[name]);
    click("zoom-in", () => timeline.zoom(1.5));
    click("zoom-out", () => timeline.zoom(1 / 1.5));
    click("zoom-fit", () => timeline.fit());
    click("export", exportCsv);
    click("load", () => byId("load-file").click());
    click("theme", nextTheme);
    click("help-open", () => byId("help").showModal());
    for (const button of byId("speeds").children) {
      button.addEventListener("click", () => setSpeed(Number(button.dataset.speed)));
    }
    byId("volume").addEventListener("input", () => player.setVolume(Number(byId("volume").value)));
    byId("load-file").addEventListener("change", () => byId("load-file").files.length && loadCsv(byId("load-file").files[0]));
    byId("note").addEventListener("input", keepNote);
    byId("note").addEventListener("blur", showDecision);
    Controls.listen(actions);
    window.addEventListener("beforeunload", (event) => {
      if (!decisions.kept() && decisions.count("") < lines.length) event.preventDefault();
    });
    Controls.split("split-list", "--list", () => document.querySelector(".lines"), 1, false);
    Controls.split("split-timeline", "--timeline", () => byId("timeline"), -1, true);
    night.addEventListener("change", redraw);
    new ResizeObserver(() => requestAnimationFrame(() => {
      stage.resize();
      dirty = true;
    })).observe(byId("stage"));
  }

  function start() {
    config = JSON.parse(byId("review").textContent);
    window.REVIEW = config;
    lines = config.lines;
    Decode.rig(config.controls, config.defaults);
    document.title = byId("title").textContent = byId("title").title = LineList.plain(config.title);
    setTheme(["light", "dark"].includes(Controls.recall("theme", "auto")) ? Controls.recall("theme", "auto") : "auto");
    store = Store.create(config);
    decisions = Decisions.create(config.id, lines);
    stage = Stage.create({
      config, lines, decisions, store,
      told: {
        pick: goVariant,
        opened(problem) {
          stageProblem = problem;
          if (problem) message("");
          dirty = true;
        },
      },
    });
    player = Player.create({
      state: onState,
      end: onEnd,
      silent: () => notice("There is no sound device; the picture plays alone."),
    });
    timeline = Timeline.create(byId("timeline"), config, {
      seek: (seconds) => {
        player.seek(seconds);
        dirty = true;
      },
      range: setRange,
    });
    list = LineList.create(lines, decisions, config, { pick: open, shown: () => {} });
    decisions.onChange(() => {
      showDecision();
      showProgress();
      stage.label();
    });
    for (const name of ["follow", "advance"]) {
      if (Controls.recall(name, "") === "true" && !(name === "follow" && calm.matches)) toggles[name]();
    }
    wire();
    Controls.fillHelp(config);
    showProgress();
    stage.open();
    byId("grid").focus({ preventScroll: true });
    open(list.first());
    requestAnimationFrame(tick);
  }

  return {
    start, announce,
    get lines() {
      return lines;
    },
    current: () => state.index,
    onLine: (listener) => listeners.push(listener),
    /* New curves for a line; keeps the playhead and goes on playing. */
    async replace(index, payload) {
      await store.replace(index, payload);
      if (index === state.index || state.variants) await fill(++ticket, true);
    },
    setEmotion(index, text) {
      lines[index].emotion = text;
      lines[index].classes = Object.keys(config.emotions).filter((name) => text.includes(name));
      list.refresh(index);
      if (index === state.index) describeLine();
    },
    decision: (index) => ({ ...decisions.get(index) }),
    seconds: () => player.seconds(),
    duration: () => player.duration(),
    playing: () => player.playing(),
    play: () => player.play(),
    pause: () => player.pause(),
    seek(seconds) {
      player.seek(seconds);
      dirty = true;
    },
    view: () => stage.view(),
  };
})();
