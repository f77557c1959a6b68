// Several faces side by side on one canvas: where each stands, the camera, which painter draws.
// WebGL (face_gl.js) where there is one, else or after its loss a 2D canvas (face_canvas.js); the page
// needs all of face*.js.
const FaceView = (() => {
  "use strict";
  const CAMERA_MM = 900; // from the pivot
  const MOST_PIXELS_PER_CSS_PIXEL = 2;
  const MOST_FINE = 2; // more cells than these, or drawing by the processor, have the coarser surface
  // What is in the middle of a cell and how many mm around it are surely seen.
  const ZOOMS = {
    face: { pivot: [0, -20, -60], width: 210, height: 296 },
    mouth: { pivot: [0, -78, 5], width: 104, height: 84 },
    eyes: { pivot: [0, 10, 0], width: 150, height: 72 },
  };

  /** `face` from Face.load; options: backend "canvas" does without WebGL, preserve keeps what is drawn for
   * `toDataURL`, head from HeadBasis.load is shown instead of the face. */
  function create(canvas, face, options = {}) {
    const { head: basis = null } = options;
    const drawn = basis ? { materials: basis.materials, upper: [0] } : face; // what painters have to know
    const points = new Float64Array(face.points * 3);
    const [upper, lower] = ["upper", "lower"].map((lip) => 3 * face.names.indexOf(`lip_inner_${lip}.C0`));
    const models = [null, basis ? null : makeModel(face, 1), null]; // by level of the surface; fine when needed
    const basisModel = basis && { ...modelOf(basis, basis.surface), mouth: basis.mouth };
    const timings = { evaluate: 0, surface: 0, normals: 0, upload: 0, draw: 0 }; // ms; upload is part of draw
    let shown = canvas, painter = null, last = null, size = { width: 0, height: 0, ratio: 1 };

    function useCanvas() {
      shown = canvas.cloneNode(false); // a canvas that had a WebGL context gives no other
      canvas.replaceWith(shown);
      painter = FaceCanvas.create(shown, drawn);
    }

    function begin() {
      painter = options.backend === "canvas" ? null : FaceGl.create(canvas, drawn, { ...options, timings });
      if (!painter) painter = FaceCanvas.create(canvas, drawn);
      if (!painter) useCanvas();
    }

    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      useCanvas();
      resize();
    });
    canvas.addEventListener("webglcontextrestored", () => {
      shown.replaceWith(canvas);
      shown = canvas;
      begin();
      resize();
    });

    /** Takes the size from the layout, or a given one in CSS pixels; draws again. */
    function resize(width, height, ratio) {
      size = {
        width: width ?? (shown.clientWidth || size.width || 300),
        height: height ?? (shown.clientHeight || size.height || 150),
        ratio: ratio ?? Math.min(window.devicePixelRatio || 1, MOST_PIXELS_PER_CSS_PIXEL),
      };
      shown.width = Math.max(1, Math.round(size.width * size.ratio));
      shown.height = Math.max(1, Math.round(size.height * size.ratio));
      if (last) draw(last.cells, last.options);
    }

    /** Rectangles of n cells in CSS pixels. A grid has the columns that make the faces largest. */
    function cellRects(n, layout = "row", zoom = "face") {
      let columns = n;
      if (layout === "grid") {
        const scale = (c) => fit(ZOOMS[zoom], size.width / c, size.height / Math.ceil(n / c));
        for (let c = n - 1; c > 0; c--) if (scale(c) > scale(columns)) columns = c;
      }
      const width = size.width / columns, height = size.height / Math.max(1, Math.ceil(n / columns));
      return Array.from({ length: n }, (_, i) => ({
        x: (i % columns) * width, y: Math.floor(i / columns) * height, width, height,
      }));
    }

    /** cells: [{values, head, shapes, ghost: another | null}]; options: yaw in degrees, dark, layout, zoom,
     * ghost "tint" | "outline", fine (the smoother surface), unlit (plain colours, for measuring). */
    function draw(cells, options = {}) {
      last = { cells, options };
      for (const stage in timings) timings[stage] = 0;
      painter.begin(options);
      const rects = cellRects(cells.length, options.layout, options.zoom);
      const level = (options.fine ?? painter.quick) && cells.length <= MOST_FINE ? 2 : 1;
      const model = basisModel ?? (models[level] ??= makeModel(face, level));
      for (let i = 0; i < cells.length; i++) {
        const camera = look(rects[i], options), { ghost } = cells[i];
        shape(model, cells[i]);
        paint("face", 2 * i, model, camera);
        if (!ghost) continue;
        shape(model, ghost);
        paint(options.ghost === "outline" ? "outline" : "ghost", 2 * i + 1, model, camera);
      }
    }

    /** Values of the controls, or numbers of the shapes -> vertices and normals. */
    function shape(model, { values, head, shapes }) {
      const start = performance.now();
      if (basis) {
        HeadBasis.place(basis, shapes, head, model.mesh);
        timings.surface += performance.now() - start;
        FaceSurface.normals(model.surface, model.mesh);
        return;
      }
      Face.evaluate(face, values, head ?? null, points);
      const evaluated = performance.now();
      FaceSurface.place(model.surface, points, model.mesh, 6);
      const placed = performance.now();
      FaceSurface.normals(model.surface, model.mesh);
      for (let axis = 0; axis < 3; axis++) {
        model.mouth[axis] = 0.5 * (points[upper + axis] + points[lower + axis]);
      }
      timings.evaluate += evaluated - start;
      timings.surface += placed - evaluated;
      timings.normals += performance.now() - placed;
    }

    function paint(what, slot, model, camera) {
      const start = performance.now();
      painter[what](slot, model, camera);
      timings.draw += performance.now() - start;
    }

    function look(rect, { yaw = 0, zoom = "face" }) {
      const r = size.ratio, angle = (yaw * Math.PI) / 180;
      const x = Math.round(rect.x * r), y = Math.round(rect.y * r);
      const width = Math.max(1, Math.round((rect.x + rect.width) * r) - x);
      const height = Math.max(1, Math.round((rect.y + rect.height) * r) - y);
      return {
        x, y, width, height, ratio: r, distance: CAMERA_MM, pivot: ZOOMS[zoom].pivot,
        cos: Math.cos(angle), sin: Math.sin(angle), scale: fit(ZOOMS[zoom], width, height),
      };
    }

    /** CSS pixels of a place in mm, in one of the cells last drawn. */
    function project(place, index = 0) {
      const rects = cellRects(last.cells.length, last.options.layout, last.options.zoom);
      const camera = look(rects[index], last.options);
      const [x, y, z] = place.map((value, axis) => value - camera.pivot[axis]);
      const nearer = camera.distance / (camera.distance - (z * camera.cos - x * camera.sin));
      const across = (x * camera.cos + z * camera.sin) * nearer * camera.scale;
      const down = -y * nearer * camera.scale;
      return [
        (camera.x + camera.width / 2 + across) / camera.ratio,
        (camera.y + camera.height / 2 + down) / camera.ratio,
      ];
    }

    begin();
    resize();
    return {
      draw, resize, cellRects, project, timings,
      /** Draws, or draws again, and reads: {width, height, data}, RGBA from the top. */
      pixels(cells = last.cells, given = last.options) {
        draw(cells, given);
        return painter.pixels();
      },
      get backend() {
        return painter.backend;
      },
      /** The canvas in the page; another one while WebGL is lost. */
      get canvas() {
        return shown;
      },
    };
  }

  const makeModel = (face, level) => modelOf(face, FaceSurface.create(face, level));

  function modelOf(face, surface) {
    const outline = FaceOutline.create(face, surface);
    return { surface, outline, mesh: new Float32Array(surface.vertices * 6), mouth: new Float32Array(3) };
  }

  const fit = (zoom, width, height) => Math.min(width / zoom.width, height / zoom.height); // pixels per mm

  return { create, ZOOMS };
})();
