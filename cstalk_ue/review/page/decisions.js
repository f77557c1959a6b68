/* What was decided of each line: kept by the browser, exported as a CSV that `predict --manifest` reads. */
const Decisions = (() => {
  "use strict";
  const COLUMNS = ["file", "emotion", "intensity", "name", "phones", "seed", "decision", "note", "curves"];
  const KNOWN = ["approved", "rejected", ""];
  const FORMULA = /^[=+\-@\t\r]/;
  const GUARDED = /^'(?=[=+\-@\t\r])/;

  /* One line of text without control characters. */
  function tidy(note) {
    return note.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  }

  function cell(text) {
    return /[",;\t\r\n']|^\s|\s$/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  }

  /* Rows of a CSV with comma, semicolon or tab, quotes as usual. */
  function parse(text) {
    text = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
    const hint = /^sep=([,;\t])\n/i.exec(text);
    if (hint) text = text.slice(hint[0].length);
    const header = text.split("\n").find((line) => line.trim()) || "";
    const count = (mark) => header.split(mark).length;
    const mark = hint ? hint[1] : [",", ";", "\t"].sort((a, b) => count(b) - count(a))[0];
    const rows = [];
    let row = [], value = "", quoted = false;
    for (let i = 0; i < text.length; i++) {
      const letter = text[i];
      if (quoted) {
        if (letter !== '"') value += letter;
        else if (text[i + 1] === '"') { value += '"'; i++; } else quoted = false;
      } else if (letter === '"' && value.trim() === "") { quoted = true; value = ""; }
      else if (letter === mark) { row.push(value); value = ""; }
      else if (letter === "\n") { row.push(value); rows.push(row); row = []; value = ""; }
      else value += letter;
    }
    if (value !== "" || row.length) { row.push(value); rows.push(row); }
    return rows.filter((cells) => cells.some((each) => each.trim()));
  }

  function create(id, lines) {
    const key = `cstalk-review:${id}`;
    const states = lines.map(() => ({ decision: "", note: "" }));
    const listeners = [];
    let kept = true;
    restore();

    /* New curves are not yet decided, whatever was said of the old ones; the note stays. */
    function restore() {
      try {
        const saved = JSON.parse(localStorage.getItem(key) || "{}");
        lines.forEach((line, index) => {
          const found = Object.prototype.hasOwnProperty.call(saved, line.name) ? saved[line.name] : null;
          if (!found || typeof found.note !== "string") return;
          const same = found.digest === line.digest && KNOWN.includes(found.decision);
          states[index] = { decision: same ? found.decision : "", note: found.note };
        });
      } catch (error) {
        kept = false;
      }
    }

    function keep() {
      const saved = Object.create(null);
      lines.forEach((line, index) => {
        const { decision, note } = states[index];
        if (decision || note) saved[line.name] = { decision, note, digest: line.digest };
      });
      try {
        localStorage.setItem(key, JSON.stringify(saved));
        kept = true;
      } catch (error) {
        kept = false;
      }
    }

    function set(index, change) {
      const next = { ...states[index], ...change };
      next.note = tidy(next.note);
      if (next.decision === states[index].decision && next.note === states[index].note) return;
      states[index] = next;
      keep();
      listeners.forEach((listener) => listener(index));
    }

    function csv() {
      const rows = lines.map((line, index) => {
        const { decision, note } = states[index];
        const guarded = FORMULA.test(note) ? `'${note}` : note;
        return { ...line.csv, emotion: line.emotion, decision, note: guarded };
      });
      const table = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))];
      return "\ufeff" + table.map((cells) => cells.map(cell).join(",")).join("\n") + "\n";
    }

    /* Take decisions and notes of a table; says how many lines it named. */
    function load(text) {
      const [header, ...rows] = parse(text);
      const columns = (header || []).map((name) => name.trim().toLowerCase());
      if (!columns.includes("decision")) throw new Error("it has no column named decision.");
      const byCurves = new Map(lines.map((line, index) => [line.csv.curves, index]));
      const byName = new Map(lines.map((line, index) => [`${line.csv.file}\n${line.csv.name}`, index]));
      let found = 0;
      for (const cells of rows) {
        const row = Object.fromEntries(columns.map((column, i) => [column, (cells[i] || "").trim()]));
        const index = byCurves.has(row.curves) ? byCurves.get(row.curves) : byName.get(`${row.file}\n${row.name}`);
        if (index === undefined) continue;
        found++;
        const decision = row.decision.toLowerCase();
        const note = tidy((row.note || "").replace(GUARDED, ""));
        states[index] = { decision: KNOWN.includes(decision) ? decision : "", note };
      }
      keep();
      listeners.forEach((listener) => listener(-1));
      return { found, rows: rows.length };
    }

    function count(decision) {
      return states.filter((state) => state.decision === decision).length;
    }

    return {
      get: (index) => states[index], set, csv, load, count,
      kept: () => kept,
      onChange: (listener) => listeners.push(listener),
    };
  }

  return { create, parse, COLUMNS };
})();
