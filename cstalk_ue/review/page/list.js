/* The list of lines: sorted, filtered, and only as many rows on the page as can be seen. */
const LineList = (() => {
  "use strict";
  const EXTRA_ROWS = 8;
  const HIDDEN_LETTERS = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/;
  const COLUMNS = [
    ["name", "Name"], ["emotion", "Emotion"], ["seconds", "Time"], ["model", "Model"], ["flags", "Flags"],
    ["decision", "✓"],
  ];
  const TITLES = { seconds: "Duration in seconds", decision: "Decision" };
  const SIGNS = { approved: "✓", rejected: "✕", "": "·" };
  const WORDS = { approved: "approved", rejected: "rejected", "": "undecided" };
  const GRAVE = new Set(["unreadable", "no sound", "other sound", "edited", "still"]);
  const ORDER = { rejected: 0, "": 1, approved: 2 };

  /* Text from data with letters that could hide or turn what follows spelled out. */
  function plain(text) {
    return Array.from(text, (letter) =>
      HIDDEN_LETTERS.test(letter) && letter.length === 1
        ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
        : letter,
    ).join("");
  }

  /* Seconds as 3.9, from a minute on as 1:05. */
  function duration(seconds) {
    if (!seconds) return "";
    if (seconds < 59.95) return seconds.toFixed(1);
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function chip([word, detail], config, full) {
    const text = full && detail && detail.length < 24 ? `${word}: ${detail}` : word;
    const made = element("span", GRAVE.has(word) ? "chip grave" : "chip", plain(text));
    made.title = [config.flags[word], plain(detail)].filter(Boolean).join("\n");
    return made;
  }

  /* lines, decisions and config of the page; told: {pick(index), shown()}. */
  function create(lines, decisions, config, told) {
    const grid = document.getElementById("grid"), scroller = document.getElementById("scroller");
    const sizer = document.getElementById("sizer"), head = document.getElementById("grid-head");
    const filters = {
      text: document.getElementById("search"), emotion: document.getElementById("filter-emotion"),
      decision: document.getElementById("filter-decision"), flag: document.getElementById("filter-flag"),
    };
    const clear = document.getElementById("clear"), count = document.getElementById("count");
    const haystacks = lines.map((line) => [line.name, line.emotion, line.model].join("\n").toLowerCase());
    const rows = new Map();
    const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
    let order = [], places = new Map(), sort = { column: "", down: false }, selected = -1, rowHeight = 30;

    // Sorting and filtering

    const keys = {
      name: (a, b) => collator.compare(lines[a].name, lines[b].name),
      emotion: (a, b) => collator.compare(lines[a].emotion, lines[b].emotion),
      seconds: (a, b) => lines[a].seconds - lines[b].seconds,
      model: (a, b) => collator.compare(lines[a].model, lines[b].model),
      flags: (a, b) => lines[b].flags.length - lines[a].flags.length || collator.compare(words(a), words(b)),
      decision: (a, b) => ORDER[decisions.get(a).decision] - ORDER[decisions.get(b).decision],
    };
    const words = (index) => lines[index].flags.map(([word]) => word).join(" ");

    function passes(index) {
      const line = lines[index], state = decisions.get(index);
      const { text, emotion, decision, flag } = values();
      const found = text.every((w) => haystacks[index].includes(w) || state.note.toLowerCase().includes(w));
      const decided = decision === "*" || (decision === "note" ? state.note !== "" : state.decision === decision);
      const has = (word) => line.flags.some(([each]) => each === word);
      const flagged = flag === "*" || (flag === "none" ? !line.flags.length : flag === "any" ? line.flags.length > 0 : has(flag.slice(5)));
      return found && decided && flagged && (emotion === "*" || line.classes.includes(emotion));
    }

    function values() {
      return {
        text: filters.text.value.toLowerCase().split(/\s+/).filter(Boolean),
        emotion: filters.emotion.value, decision: filters.decision.value, flag: filters.flag.value,
      };
    }

    function arrange() {
      order = lines.map((_, index) => index).filter(passes);
      if (sort.column) order.sort((a, b) => (sort.down ? -1 : 1) * keys[sort.column](a, b) || a - b);
      places = new Map(order.map((index, place) => [index, place]));
      const { text, emotion, decision, flag } = values();
      clear.hidden = !text.length && emotion === "*" && decision === "*" && flag === "*";
      const every = lines.length === 1 ? "1 line" : `${lines.length.toLocaleString("en")} lines`;
      count.textContent = order.length === lines.length ? every : `${order.length.toLocaleString("en")} of ${every}`;
      grid.setAttribute("aria-rowcount", String(order.length + 1));
      measure();
      forget();
      render();
      told.shown();
    }

    function option(select, value, text) {
      const made = element("option", "", text);
      made.value = value;
      select.append(made);
    }

    function buildFilters() {
      const present = new Set(lines.flatMap((line) => line.classes));
      option(filters.emotion, "*", "All emotions");
      for (const name of Object.keys(config.emotions)) if (present.has(name)) option(filters.emotion, name, name);
      const counts = new Map();
      for (const line of lines) for (const [word] of line.flags) counts.set(word, (counts.get(word) || 0) + 1);
      option(filters.flag, "*", "All flags");
      option(filters.flag, "any", `Flagged (${lines.filter((line) => line.flags.length).length})`);
      option(filters.flag, "none", "No flag");
      for (const word of Object.keys(config.flags)) {
        if (counts.has(word)) option(filters.flag, `flag:${word}`, `${word} (${counts.get(word)})`);
      }
      for (const filter of Object.values(filters)) filter.addEventListener("input", () => arrange());
      clear.addEventListener("click", () => {
        filters.text.value = "";
        for (const name of ["emotion", "decision", "flag"]) filters[name].value = "*";
        arrange();
        grid.focus();
      });
    }

    function buildHead() {
      COLUMNS.forEach(([name, text], i) => {
        const cell = element("div", name), button = element("button", "", text);
        cell.setAttribute("role", "columnheader");
        cell.setAttribute("aria-colindex", String(i + 1));
        button.type = "button";
        button.title = `Sort by ${(TITLES[name] || text).toLowerCase()}`;
        if (TITLES[name]) button.setAttribute("aria-label", TITLES[name]);
        button.addEventListener("click", () => {
          if (sort.column !== name) sort = { column: name, down: false };
          else if (!sort.down) sort = { column: name, down: true };
          else sort = { column: "", down: false };
          for (const each of head.children) each.removeAttribute("aria-sort");
          if (sort.column) cell.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
          arrange();
          reveal();
        });
        cell.append(button);
        head.append(cell);
      });
    }

    // Rows

    function measure() {
      rowHeight = Math.round(2.3 * parseFloat(getComputedStyle(document.documentElement).fontSize));
      scroller.style.setProperty("--row", `${rowHeight}px`);
      grid.style.setProperty("--scrollbar", `${scroller.offsetWidth - scroller.clientWidth}px`);
      sizer.style.height = `${order.length * rowHeight}px`;
    }

    function forget() {
      for (const row of rows.values()) row.remove();
      rows.clear();
    }

    function render() {
      const first = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - EXTRA_ROWS);
      const last = Math.min(order.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / rowHeight) + EXTRA_ROWS);
      for (const [place, row] of rows) {
        if (place < first || place >= last) {
          row.remove();
          rows.delete(place);
        }
      }
      for (let place = first; place < last; place++) {
        if (!rows.has(place)) {
          const row = build(order[place], place);
          rows.set(place, row);
          sizer.append(row);
        }
      }
    }

    function build(index, place) {
      const line = lines[index], state = decisions.get(index);
      const row = element("div", "row line");
      row.id = `row-${index}`;
      row.setAttribute("role", "row");
      row.setAttribute("aria-rowindex", String(place + 2));
      row.setAttribute("aria-selected", String(index === selected));
      row.dataset.index = String(index);
      row.style.transform = `translateY(${place * rowHeight}px)`;
      const cells = COLUMNS.map(([name]) => {
        const cell = element("div", name);
        cell.setAttribute("role", "gridcell");
        row.append(cell);
        return cell;
      });
      const [name, emotion, seconds, model, flags, decision] = cells;
      name.textContent = name.title = plain(line.name);
      for (const each of line.classes.filter((c) => c !== "neutral" || line.classes.length === 1)) {
        const dot = element("i", "dot");
        dot.style.backgroundColor = config.emotions[each];
        emotion.append(dot);
      }
      const moving = line.emotion.includes("=") && line.classes.length > 1;
      emotion.append(moving ? line.classes.filter((each) => each !== "neutral").join(", ") : line.emotion);
      emotion.title = line.emotion;
      seconds.textContent = duration(line.seconds);
      model.textContent = model.title = plain(line.model);
      if (line.flags.length) flags.append(chip(line.flags[0], config));
      if (line.flags.length > 1) flags.append(element("span", "more", `+${line.flags.length - 1}`));
      flags.title = line.flags.map(([word, detail]) => `${word}: ${plain(detail) || config.flags[word]}`).join("\n");
      decision.className = `decision ${state.decision}`;
      decision.textContent = state.note ? `${SIGNS[state.decision]}✎` : SIGNS[state.decision];
      decision.title = [WORDS[state.decision], plain(state.note)].filter(Boolean).join(": ");
      decision.setAttribute("aria-label", decision.title);
      return row;
    }

    function refresh(index) {
      const place = places.get(index);
      const row = rows.get(place);
      if (!row) return;
      const fresh = build(index, place);
      row.replaceWith(fresh);
      rows.set(place, fresh);
    }

    function reveal() {
      const place = places.get(selected);
      if (place === undefined) return;
      const top = place * rowHeight, height = scroller.clientHeight;
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top + rowHeight > scroller.scrollTop + height) scroller.scrollTop = top + rowHeight - height;
      render();
    }

    function select(index) {
      const before = selected;
      selected = index;
      refresh(before);
      reveal();
      refresh(index);
      if (places.has(index)) grid.setAttribute("aria-activedescendant", `row-${index}`);
      else grid.removeAttribute("aria-activedescendant");
    }

    /* The line so many rows further, or -1; from a line that is filtered out, the next one that is not. */
    function beside(index, step) {
      let place = places.get(index);
      if (place === undefined) {
        const later = order.findIndex((each) => each > index);
        place = step > 0 ? (later < 0 ? order.length : later) - 1 : later < 0 ? order.length : later;
      }
      const wanted = place + step;
      return wanted >= 0 && wanted < order.length ? order[wanted] : -1;
    }

    grid.addEventListener("keydown", (event) => {
      if (event.target.closest("button")) return;
      const page = Math.max(1, Math.floor(scroller.clientHeight / rowHeight) - 1);
      const place = places.has(selected) ? places.get(selected) : 0;
      const to = {
        ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page,
        "Ctrl Home": 0, "Ctrl End": order.length - 1,
      }[(event.ctrlKey || event.metaKey ? "Ctrl " : "") + event.key];
      if (to === undefined || !order.length || event.altKey) return;
      told.pick(order[Math.min(Math.max(to, 0), order.length - 1)]);
      event.preventDefault();
      event.stopPropagation();
    });
    sizer.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (!row) return;
      told.pick(Number(row.dataset.index));
      grid.focus({ preventScroll: true });
    });
    scroller.addEventListener("scroll", () => render(), { passive: true });
    new ResizeObserver(() => {
      measure();
      forget();
      render();
    }).observe(scroller);
    decisions.onChange((index) => (index < 0 ? arrange() : refresh(index)));
    grid.classList.toggle("one-model", new Set(lines.map((line) => line.model)).size < 2);
    buildFilters();
    buildHead();
    arrange();

    return { select, beside, refresh, filters, visible: () => order.slice(), first: () => (order.length ? order[0] : -1) };
  }

  return { create, plain, chip, WORDS };
})();
