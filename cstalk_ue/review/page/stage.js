/* The faces on the page: one line, or all lines of one sound side by side, each with its ghost. */
const Stage = (() => {
  "use strict";
  const MOST_VARIANTS = 12;
  const LABEL_PIXELS = 34;
  const WIDE = 0.62; // of a face, as wide as high
  const byId = (id) => document.getElementById(id);

  /* told: {pick(index): another variant is chosen, opened(problem): the view is there, or why not}. */
  function create({ config, lines, decisions, store, told }) {
    const variants = new Map();
    let view = null, cells = [], current = -1, zoom = "face";
    lines.forEach((line, index) => {
      if (!line.problem) variants.set(line.group, [...(variants.get(line.group) || []), index]);
    });

    async function open() {
      let problem = "";
      try {
        const face = await Face.load(JSON.parse(byId("face").textContent)), data = byId("dna-head");
        const head = data ? await HeadBasis.load(JSON.parse(data.textContent)) : null;
        view = FaceView.create(byId("face-canvas"), face, { head });
      } catch (error) {
        problem = `The face cannot be drawn here: ${error.message}`;
      }
      label();
      told.opened(problem);
    }

    /* The lines made of the same sound as this one, with it; of very many those around it. */
    function variantsOf(index) {
      const all = variants.get(lines[index].group) || [index];
      if (all.length <= MOST_VARIANTS) return all;
      const at = Math.min(Math.max(0, all.indexOf(index) - MOST_VARIANTS / 2), all.length - MOST_VARIANTS);
      return all.slice(at, at + MOST_VARIANTS);
    }

    /* A line, decoded, with room for what it shows at one moment. */
    async function cellOf(index, withGhost) {
      const wanted = withGhost && lines[index].ghost;
      const [line, ghost] = await Promise.all([store.line(index), wanted ? store.ghost(index) : null]);
      const room = ({ shapes, frames }) => ({
        values: new Float32Array(config.controls.length), head: new Float32Array(Decode.HEAD.length),
        shapes: shapes && new Float32Array(shapes.length / frames),
      });
      return { index, line, ghost, face: room(line), ghostFace: ghost ? room(ghost) : null };
    }

    function show(shown, index) {
      cells = shown;
      current = index;
      label();
    }

    function layout() {
      const { clientWidth, clientHeight } = byId("stage");
      return cells.length > 1 && clientWidth < cells.length * clientHeight * WIDE ? "grid" : "row";
    }

    function draw(seconds, { yaw, dark }) {
      if (!view) return;
      const faces = cells.map((cell) => {
        for (const [line, room] of [[cell.line, cell.face], [cell.ghost, cell.ghostFace]]) {
          if (line) Decode.sample(line, seconds, room.values, room.head, room.shapes);
        }
        return { ...cell.face, ghost: cell.ghostFace };
      });
      view.draw(faces, { yaw, dark, layout: layout(), zoom });
    }

    /* What sets a variant apart from the others. */
    function nameOf(index) {
      const line = lines[index], members = cells.map((cell) => lines[cell.index]);
      const models = new Set(members.map((each) => each.model)).size;
      const parts = [line.emotion, models > 1 ? line.model : ""].filter(Boolean);
      const alike = members.filter((each) => each.emotion === line.emotion && each.model === line.model);
      if (alike.length > 1 || !parts.length) parts.push(line.name);
      return parts.map(LineList.plain).join(" · ");
    }

    /* A button under each face names it and goes to its line. */
    function label() {
      const root = byId("cells");
      if (cells.length < 2 || !view) return root.replaceChildren();
      const rects = view.cellRects(cells.length, layout(), zoom);
      root.replaceChildren(...cells.map(({ index }, i) => {
        const button = document.createElement("button");
        button.type = "button";
        const sign = { approved: "✓ ", rejected: "✕ ", "": "" }[decisions.get(index).decision];
        button.textContent = sign + nameOf(index);
        button.setAttribute("aria-pressed", String(index === current));
        button.style.left = `${rects[i].x + rects[i].width / 2}px`;
        button.style.top = `${rects[i].y + rects[i].height - LABEL_PIXELS}px`;
        button.style.maxWidth = `${Math.max(60, rects[i].width - 12)}px`;
        button.addEventListener("click", () => told.pick(index));
        return button;
      }));
    }

    return {
      open, variantsOf, cellOf, show, draw, label,
      resize() {
        if (view) view.resize();
        label();
      },
      setZoom(name) {
        zoom = name;
        label();
      },
      view: () => view,
    };
  }

  return { create };
})();
