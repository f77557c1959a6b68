/* What is the same for every page: keys, the bars between its parts, settings that the browser keeps, help. */
const Controls = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const KEYS = [
    ["Space", "Play or pause"], ["← →", "One frame back or on"], ["Shift ← →", "Ten frames"],
    ["Home End", "Start and end of the line"], ["J K", "Next and previous line"],
    ["Ctrl Home End", "First and last line of the list"], ["A", "Approve"],
    ["R", "Reject"], ["U", "Undecided"], ["N", "Write a note; Enter or Esc ends it"],
    ["F", "Front or three-quarter"], ["Z", "Face, mouth or eyes"], ["G", "Ghost of --against"],
    ["V", "Variants of this sound"], ["S", "Spectrogram"], ["L", "Loop"],
    ["Shift drag", "Loop a part of the timeline"], ["+ - 0", "Zoom the timeline"], ["1 2 3", "Speed ¼, ½, 1"],
    ["/", "Filter the list"], ["?", "This help"],
  ];

  /* actions: what a key does, by its name; letters are lower case. Fields, dialogs and buttons keep theirs. */
  function listen(actions) {
    document.addEventListener("keydown", (event) => onKey(event, actions));
    // A button that was clicked must not take the space bar away from playing.
    document.addEventListener("mousedown", (event) => {
      if (event.target.closest("button") && !event.target.closest("dialog")) event.preventDefault();
    });
    for (const id of ["filter-emotion", "filter-decision", "filter-flag"]) {
      let byMouse = false;
      byId(id).addEventListener("pointerdown", () => { byMouse = true; });
      byId(id).addEventListener("keydown", () => { byMouse = false; });
      byId(id).addEventListener("change", () => byMouse && byId("grid").focus());
    }
  }

  function onKey(event, actions) {
    const field = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (field.matches("#note, #search") && (event.key === "Escape" || event.key === "Enter")) {
      byId("grid").focus();
      event.preventDefault();
      return;
    }
    if (field.matches("input, select, textarea, [contenteditable]") || field.closest("dialog")) return;
    if (field.matches("button, a") && (event.key === " " || event.key === "Enter")) return;
    if (field.matches('[role="separator"]') && event.key.startsWith("Arrow")) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (event.repeat && !event.key.startsWith("Arrow") && !"jk".includes(event.key.toLowerCase()))) return;
    event.preventDefault();
    action(event);
  }

  /* A bar between two parts of the page: moved by hand or with the arrow keys. */
  function split(id, name, measured, sign, vertical) {
    const bar = byId(id);
    const set = (size) => document.documentElement.style.setProperty(name, `${Math.max(60, Math.round(size))}px`);
    const size = () => (vertical ? measured().offsetHeight : measured().offsetWidth);
    bar.addEventListener("pointerdown", (event) => {
      const from = vertical ? event.clientY : event.clientX, before = size();
      bar.setPointerCapture(event.pointerId);
      const move = (moved) => set(before + sign * ((vertical ? moved.clientY : moved.clientX) - from));
      bar.addEventListener("pointermove", move);
      bar.addEventListener("lostpointercapture", () => bar.removeEventListener("pointermove", move), { once: true });
    });
    bar.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -24, ArrowUp: -24, ArrowRight: 24, ArrowDown: 24 }[event.key];
      if (!by || vertical !== (event.key === "ArrowUp" || event.key === "ArrowDown")) return;
      set(size() + sign * by);
      event.preventDefault();
    });
  }

  /* A setting of this browser, or the fallback. */
  function recall(name, fallback) {
    try {
      return localStorage.getItem(`cstalk-review-setting:${name}`) ?? fallback;
    } catch (error) {
      return fallback;
    }
  }

  function remember(name, value) {
    try {
      localStorage.setItem(`cstalk-review-setting:${name}`, value);
    } catch (error) {
      // A page from disk may not be allowed to; then the setting lasts as long as the page.
    }
  }

  function fillHelp(config) {
    const entry = (root, name, text) => {
      const term = document.createElement("dt"), told = document.createElement("dd");
      term.textContent = name;
      told.textContent = text;
      root.append(term, told);
    };
    for (const [name, text] of KEYS) entry(byId("help-keys"), name, text);
    for (const [name, text] of Object.entries(config.flags)) entry(byId("help-flags"), name, text);
    byId("help-csv").textContent = config.csv;
  }

  return { listen, split, recall, remember, fillHelp };
})();
