// Draws faces on a 2D canvas where there is no WebGL: the same triangles in flat colours, far ones first.
const FaceCanvas = (() => {
  "use strict";
  const LAMP = [0.342, 0.44, 0.83], SECOND = [-0.889, 0.111, 0.444];
  const SHADES = 64, BRIGHTEST = 1.3;
  const NEARER_MM = { brow: 6, lash: 6, ear: 14 }; // sorted as if so much nearer: they lie on the skin
  const INSIDE = new Set(["mouth", "gum", "teeth", "tongue"]);
  const GROW_PIXELS = 0.9; // hides the seams between triangles
  const STEPS_PER_MM = 8, DEPTH_MM = 400, LAYER_STEPS = 2 * DEPTH_MM * STEPS_PER_MM;
  const GHOST_OPACITY = 0.3, OUTLINE_CSS_PIXELS = 1.6;

  /** null when the canvas gives no 2D context. */
  function create(canvas, face) {
    const context = canvas.getContext("2d", { willReadFrequently: true }); // painted by the processor
    if (!context) return null;
    const buckets = new Uint32Array(2 * LAYER_STEPS + 1), palettes = {};
    const layers = face.materials.map((material) => Math.min(1, material.layer));
    const nearer = face.materials.map((material) => NEARER_MM[material.name] ?? 0);
    const inside = face.materials.map((material) => INSIDE.has(material.name));
    const [lash, tongue] = ["lash", "tongue"].map((name) => face.materials.findIndex((m) => m.name === name));
    const lip = face.upper[face.upper.length >> 1];
    let options = {}, aside = null, work = null;

    function workOn(surface) {
      if (work?.surface === surface) return;
      const count = surface.materials.length;
      work = {
        surface,
        seen: new Float32Array(surface.vertices * 3), // x and y in pixels, z in mm towards the camera
        light: new Float32Array(surface.vertices),
        keys: new Uint16Array(count), kept: new Uint16Array(count), order: new Uint16Array(count),
      };
    }

    function begin(given) {
      options = given;
      context.clearRect(0, 0, canvas.width, canvas.height);
    }

    function project(mesh, camera) {
      const { seen, light } = work, { cos, sin, distance, pivot, scale } = camera;
      const middleX = camera.x + camera.width / 2, middleY = camera.y + camera.height / 2;
      for (let v = 0, from = 0; v < light.length; v++, from += 6) {
        const x = mesh[from] - pivot[0], y = mesh[from + 1] - pivot[1], z = mesh[from + 2] - pivot[2];
        const depth = z * cos - x * sin, size = (scale * distance) / (distance - depth);
        seen[3 * v] = middleX + (x * cos + z * sin) * size;
        seen[3 * v + 1] = middleY - y * size;
        seen[3 * v + 2] = depth;
        const nx = mesh[from + 3], ny = mesh[from + 4], nz = mesh[from + 5];
        const tx = nx * cos + nz * sin, tz = nz * cos - nx * sin, long = Math.hypot(tx, ny, tz) || 1;
        const lamp = Math.max(0, tx * LAMP[0] + ny * LAMP[1] + tz * LAMP[2]);
        const second = Math.max(0, tx * SECOND[0] + ny * SECOND[1] + tz * SECOND[2]);
        light[v] = 0.3 + (0.62 * lamp + 0.16 * second + 0.08 * ny) / long;
      }
    }

    /** Fills `order` with the triangles that face the camera: by layer, then from far to near. */
    function sort() {
      const { surface: { triangles, materials }, seen, keys, kept, order } = work, lips = seen[3 * lip + 2];
      let used = 0;
      buckets.fill(0);
      for (let t = 0; t < materials.length; t++) {
        const a = 3 * triangles[3 * t], b = 3 * triangles[3 * t + 1], c = 3 * triangles[3 * t + 2];
        const x = seen[a], y = seen[a + 1];
        const turned = (seen[b] - x) * (seen[c + 1] - y) - (seen[b + 1] - y) * (seen[c] - x);
        const material = materials[t];
        if (turned >= 0 && material !== lash) continue;
        const depth = (seen[a + 2] + seen[b + 2] + seen[c + 2]) / 3;
        const layer = material === tongue && depth > lips ? 1 : layers[material];
        const step = Math.round((depth + nearer[material] + DEPTH_MM) * STEPS_PER_MM);
        keys[used] = layer * LAYER_STEPS + Math.min(LAYER_STEPS - 1, Math.max(0, step));
        buckets[keys[used] + 1]++;
        kept[used++] = t;
      }
      for (let key = 1; key < buckets.length; key++) buckets[key] += buckets[key - 1];
      for (let i = 0; i < used; i++) order[buckets[keys[i]]++] = kept[i];
      return used;
    }

    function paint(target, { surface, mesh, mouth }, camera, colours) {
      workOn(surface);
      project(mesh, camera);
      const { seen, light, order } = work, { triangles, materials } = surface;
      target.save();
      target.beginPath();
      target.rect(camera.x, camera.y, camera.width, camera.height);
      target.clip();
      for (let i = 0, used = sort(); i < used; i++) {
        const t = order[i], material = materials[t];
        const a = triangles[3 * t], b = triangles[3 * t + 1], c = triangles[3 * t + 2];
        let shade = (light[a] + light[b] + light[c]) / 3;
        if (inside[material]) {
          const at = 6 * a;
          const reach = Math.hypot(mesh[at] - mouth[0], mesh[at + 1] - mouth[1], mesh[at + 2] - mouth[2]);
          shade *= 1 - 0.6 * Math.min(1, Math.max(0, (reach - 9) / 43));
        }
        target.fillStyle = colours[material][Math.min(SHADES - 1, Math.round((shade * SHADES) / BRIGHTEST))];
        const middleX = (seen[3 * a] + seen[3 * b] + seen[3 * c]) / 3;
        const middleY = (seen[3 * a + 1] + seen[3 * b + 1] + seen[3 * c + 1]) / 3;
        target.beginPath();
        grown(target, seen, 3 * a, middleX, middleY);
        grown(target, seen, 3 * b, middleX, middleY);
        grown(target, seen, 3 * c, middleX, middleY);
        target.fill();
      }
      target.restore();
    }

    function grown(target, seen, at, middleX, middleY) {
      const x = seen[at] - middleX, y = seen[at + 1] - middleY;
      const by = 1 + GROW_PIXELS / (Math.hypot(x, y) || 1);
      target.lineTo(middleX + x * by, middleY + y * by);
    }

    /** CSS colours by material and shade, made once. */
    function palette(kind) {
      return (palettes[kind] ??= face.materials.map(({ colour }) =>
        Array.from({ length: SHADES }, (_, i) => {
          const lit = colour.map((part) => part * (kind === "unlit" ? 1 : (i * BRIGHTEST) / SHADES));
          const grey = 0.35 + 0.3 * lit[0] + 0.5 * lit[1] + 0.2 * lit[2];
          const tint = FaceGl.ghostColour(kind === "ghost on dark").map((part) => part * grey);
          return css(kind.startsWith("ghost") ? tint : lit);
        }),
      ));
    }

    const css = (parts) => `rgb(${parts.map((part) => Math.round(255 * Math.min(1, part))).join()})`;

    function ghost(slot, model, camera) {
      aside ??= canvas.cloneNode(false).getContext("2d", { willReadFrequently: true });
      aside.canvas.width = canvas.width; // clears it
      aside.canvas.height = canvas.height;
      paint(aside, model, camera, palette(options.dark ? "ghost on dark" : "ghost on light"));
      context.globalAlpha = GHOST_OPACITY;
      context.drawImage(aside.canvas, 0, 0);
      context.globalAlpha = 1;
    }

    function outline(slot, model, camera) {
      const { segments, count: lines } = FaceOutline.find(model, camera);
      const { cos, sin, distance, pivot, scale } = camera;
      context.beginPath();
      for (let i = 0; i < 2 * lines; i++) {
        const at = 3 * i;
        const x = segments[at] - pivot[0], y = segments[at + 1] - pivot[1], z = segments[at + 2] - pivot[2];
        const size = (scale * distance) / (distance - (z * cos - x * sin));
        const right = camera.x + camera.width / 2 + (x * cos + z * sin) * size;
        const down = camera.y + camera.height / 2 - y * size;
        if (i % 2 === 0) context.moveTo(right, down);
        else context.lineTo(right, down);
      }
      context.strokeStyle = css(FaceGl.ghostColour(options.dark));
      context.lineWidth = OUTLINE_CSS_PIXELS * camera.ratio;
      context.stroke();
    }

    return {
      backend: "canvas", quick: false, begin, ghost, outline,
      face(slot, model, camera) {
        paint(context, model, camera, palette(options.unlit ? "unlit" : "face"));
      },
      pixels() {
        const { width, height } = canvas;
        return { width, height, data: context.getImageData(0, 0, width, height).data };
      },
    };
  }

  return { create };
})();
