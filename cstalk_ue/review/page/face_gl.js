// Draws faces with WebGL 1: per-pixel light from two lamps and the sky, one colour per material.
// Each cell is a viewport. A ghost is a second face, translucent, of which only the nearest surface shows.
const FaceGl = (() => {
  "use strict";
  const VERTEX = `
    attribute vec3 place, normal;
    uniform vec3 pivot;
    uniform vec2 turn, scale;
    uniform float distance, lift;
    varying vec3 vNormal, vPlace;
    vec3 turned(vec3 v) { return vec3(v.x * turn.x + v.z * turn.y, v.y, v.z * turn.x - v.x * turn.y); }
    void main() {
      vec3 q = turned(place - pivot);
      float away = distance - q.z, near = distance - 400.0, far = distance + 400.0;
      float depth = ((far + near) - 2.0 * far * near / (away - lift)) / (far - near);
      gl_Position = vec4(q.xy * scale * distance, depth * away, away);
      vNormal = turned(normal);
      vPlace = place;
    }`;
  const FRAGMENT = `
    precision highp float;
    uniform vec3 colour, mouth;
    uniform vec4 tint; // of a ghost; 0 for the face itself
    uniform float gloss, inside, thin, rim, unlit;
    varying vec3 vNormal, vPlace;
    const vec3 LAMP = vec3(0.342, 0.440, 0.830), SECOND = vec3(-0.889, 0.111, 0.444);
    const vec3 HALF = vec3(0.179, 0.230, 0.957); // between lamp and camera
    const vec3 HOLLOW = vec3(0.11, 0.035, 0.04), CORNER = vec3(0.50, 0.29, 0.26);
    void main() {
      vec3 n = normalize(gl_FrontFacing ? vNormal : -vNormal);
      float light = 0.62 * max(0.0, dot(n, LAMP)) + 0.16 * max(0.0, dot(n, SECOND)) + 0.30 + 0.08 * n.y;
      float shine = gloss * pow(max(0.0, dot(n, HALF)), mix(18.0, 90.0, smoothstep(0.15, 0.3, gloss)));
      float edge = pow(1.0 - clamp(n.z, 0.0, 1.0), 3.0);
      float reach = inside * smoothstep(9.0, 52.0, length(vPlace - mouth)); // how deep in the mouth
      vec3 lit = (colour * light + shine + rim * edge * colour) * (1.0 - 0.4 * reach);
      // The inner side of the skin, seen through the mouth or beside the eyes.
      if (!gl_FrontFacing && thin < 0.5) lit = mix(HOLLOW, CORNER, step(35.0, vPlace.y - mouth.y));
      else if (unlit > 0.5) lit = colour;
      if (tint.a > 0.0) {
        float grey = dot(lit, vec3(0.3, 0.5, 0.2)), seen = tint.a + 0.5 * edge;
        gl_FragColor = vec4(tint.rgb * (0.35 + grey), 1.0) * min(1.0, seen);
      } else gl_FragColor = vec4(lit, 1.0);
    }`;
  const LINE_VERTEX = "attribute vec3 place; void main() { gl_Position = vec4(place, 1.0); }";
  const LINE_FRAGMENT = "precision mediump float; uniform vec4 tint; void main() { gl_FragColor = tint; }";
  const OUTLINE_CSS_PIXELS = 1.6;
  const LIFT_MM = { brow: 1.5, lash: 1.5 }; // in depth only: they lie on the skin
  const TELLING = ["lip", "wet_lip", "brow", "mouth", "teeth", "tongue"]; // what of a ghost shows most
  const PLAIN = [0, 0, 0];
  const BEHIND_MM = -1.2; // the ghost's surface hides its own far lines, not those that lie on it

  /** null where there is no WebGL. */
  function create(canvas, face, { preserve = false, timings = { upload: 0 } } = {}) {
    const gl = canvas.getContext("webgl", {
      alpha: true, antialias: true, depth: true, premultipliedAlpha: true, preserveDrawingBuffer: preserve,
    });
    if (!gl || gl.isContextLost()) return null;
    const skin = program(gl, VERTEX, FRAGMENT), line = program(gl, LINE_VERTEX, LINE_FRAGMENT);
    if (!skin || !line) return null;
    const drawn = new Map(); // by surface: its triangles by material
    const buffers = [], lineBuffer = gl.createBuffer();
    let corners = new Float32Array(0), groups = [], options = {};
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.enable(gl.SCISSOR_TEST);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);

    function begin(given) {
      options = given;
      gl.scissor(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    }

    function trianglesOf(surface) {
      if (!drawn.has(surface)) {
        const { indices, groups } = grouped(surface, face.materials), buffer = gl.createBuffer();
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
        drawn.set(surface, { buffer, groups });
      }
      return drawn.get(surface);
    }

    function place(slot, { surface: shape, mesh, mouth }, camera) {
      const at = skin.at, bottom = gl.drawingBufferHeight - camera.y - camera.height;
      gl.viewport(camera.x, bottom, camera.width, camera.height);
      gl.scissor(camera.x, bottom, camera.width, camera.height);
      gl.useProgram(skin.program);
      gl.bindBuffer(gl.ARRAY_BUFFER, (buffers[slot] ??= gl.createBuffer()));
      const start = performance.now();
      gl.bufferData(gl.ARRAY_BUFFER, mesh, gl.DYNAMIC_DRAW);
      timings.upload += performance.now() - start;
      ({ groups } = trianglesOf(shape));
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, trianglesOf(shape).buffer);
      gl.enableVertexAttribArray(at.place);
      gl.vertexAttribPointer(at.place, 3, gl.FLOAT, false, 24, 0);
      gl.enableVertexAttribArray(at.normal);
      gl.vertexAttribPointer(at.normal, 3, gl.FLOAT, false, 24, 12);
      gl.uniform3fv(at.pivot, camera.pivot);
      gl.uniform2f(at.turn, camera.cos, camera.sin);
      gl.uniform2f(at.scale, (2 * camera.scale) / camera.width, (2 * camera.scale) / camera.height);
      gl.uniform1f(at.distance, camera.distance);
      gl.uniform1f(at.rim, options.dark ? 0.15 : 0.08);
      gl.uniform1f(at.unlit, options.unlit ? 1 : 0);
      gl.uniform3fv(at.mouth, mouth);
    }

    function paint(tint, ghostly, lift) {
      const at = skin.at;
      for (const group of groups) {
        gl.uniform3fv(at.colour, group.colour);
        gl.uniform4f(at.tint, tint[0], tint[1], tint[2], ghostly ? group.opacity : 0);
        gl.uniform1f(at.gloss, group.gloss);
        gl.uniform1f(at.inside, group.inside);
        gl.uniform1f(at.thin, group.thin);
        gl.uniform1f(at.lift, lift + group.lift);
        gl.drawElements(gl.TRIANGLES, group.count, gl.UNSIGNED_SHORT, group.start);
      }
    }

    /** Writes only depth, over a cleared one: what is drawn next is hidden by this mesh alone. */
    function cover(lift) {
      gl.clear(gl.DEPTH_BUFFER_BIT);
      gl.colorMask(false, false, false, false);
      paint(PLAIN, false, lift);
      gl.colorMask(true, true, true, true);
    }

    function ghost(slot, model, camera) {
      place(slot, model, camera);
      cover(0);
      gl.enable(gl.BLEND);
      paint(ghostColour(options.dark), true, 0);
      gl.disable(gl.BLEND);
    }

    function outline(slot, model, camera) {
      place(slot, model, camera);
      cover(BEHIND_MM);
      const found = FaceOutline.find(model, camera);
      if (corners.length < found.segments.length * 3) corners = new Float32Array(found.segments.length * 3);
      const used = thicken(found, camera, corners);
      gl.useProgram(line.program);
      gl.bindBuffer(gl.ARRAY_BUFFER, lineBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, corners.subarray(0, used), gl.DYNAMIC_DRAW);
      gl.enableVertexAttribArray(line.at.place);
      gl.vertexAttribPointer(line.at.place, 3, gl.FLOAT, false, 0, 0);
      if (skin.at.normal !== line.at.place) gl.disableVertexAttribArray(skin.at.normal);
      gl.uniform4f(line.at.tint, ...ghostColour(options.dark), 1);
      gl.drawArrays(gl.TRIANGLES, 0, used / 3);
    }

    function pixels() {
      const width = gl.drawingBufferWidth, height = gl.drawingBufferHeight;
      const upward = new Uint8Array(width * height * 4), data = new Uint8ClampedArray(upward.length);
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, upward);
      for (let row = 0; row < height; row++) {
        data.set(upward.subarray(4 * width * row, 4 * width * (row + 1)), 4 * width * (height - 1 - row));
      }
      return { width, height, data };
    }

    return {
      backend: "webgl", quick: isQuick(gl), begin, ghost, outline, pixels,
      face(slot, model, camera) {
        place(slot, model, camera);
        paint(PLAIN, false, 0);
      },
    };
  }

  /** Whether a graphics card draws; a browser may have the processor do it. */
  function isQuick(gl) {
    const known = gl.getExtension("WEBGL_debug_renderer_info");
    const renderer = String(gl.getParameter(known ? known.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
  }

  const ghostColour = (dark) => (dark ? [0.38, 0.78, 1.0] : [0.05, 0.38, 0.85]);

  /** Triangles by material, and how each group is drawn. */
  function grouped(surface, materials) {
    const indices = new Uint16Array(surface.triangles.length), groups = [];
    let to = 0;
    materials.forEach((material, m) => {
      const start = to;
      for (let t = 0; t < surface.materials.length; t++) {
        if (surface.materials[t] !== m) continue;
        for (let corner = 0; corner < 3; corner++) indices[to++] = surface.triangles[3 * t + corner];
      }
      const inside = ["mouth", "gum", "teeth", "tongue"].includes(material.name) ? 1 : 0;
      groups.push({
        start: 2 * start, count: to - start, colour: material.colour, gloss: material.gloss, inside,
        thin: ["lash", "ear"].includes(material.name) ? 1 : 0,
        opacity: TELLING.includes(material.name) ? 0.5 : 0.16,
        lift: LIFT_MM[material.name] ?? 0,
      });
    });
    return { indices, groups };
  }

  function program(gl, vertex, fragment) {
    const made = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(made, shader);
    }
    gl.linkProgram(made);
    if (!gl.getProgramParameter(made, gl.LINK_STATUS)) return null;
    const at = {};
    for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_ATTRIBUTES); i++) {
      const { name } = gl.getActiveAttrib(made, i);
      at[name] = gl.getAttribLocation(made, name);
    }
    for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); i++) {
      const { name } = gl.getActiveUniform(made, i);
      at[name] = gl.getUniformLocation(made, name);
    }
    return { program: made, at };
  }

  /** Segments in mm -> two triangles each, -1..1 of the cell; returns how many numbers were written. */
  function thicken({ segments, count }, camera, out) {
    const { cos, sin, distance, pivot, scale } = camera, near = distance - 400, far = distance + 400;
    const sx = (2 * scale * distance) / camera.width, sy = (2 * scale * distance) / camera.height;
    const thick = OUTLINE_CSS_PIXELS * camera.ratio;
    let to = 0;
    for (let i = 0; i < count; i++) {
      const at = 6 * i;
      const ax = segments[at] - pivot[0], az = segments[at + 2] - pivot[2];
      const bx = segments[at + 3] - pivot[0], bz = segments[at + 5] - pivot[2];
      const awayA = distance - (az * cos - ax * sin), awayB = distance - (bz * cos - bx * sin);
      const x0 = ((ax * cos + az * sin) * sx) / awayA, y0 = ((segments[at + 1] - pivot[1]) * sy) / awayA;
      const x1 = ((bx * cos + bz * sin) * sx) / awayB, y1 = ((segments[at + 4] - pivot[1]) * sy) / awayB;
      const z0 = (far + near - (2 * far * near) / awayA) / (far - near);
      const z1 = (far + near - (2 * far * near) / awayB) / (far - near);
      const dx = (x1 - x0) * camera.width, dy = (y1 - y0) * camera.height;
      const long = Math.hypot(dx, dy);
      if (!(long > 0)) continue;
      const ox = (-dy / long) * (thick / camera.width), oy = (dx / long) * (thick / camera.height);
      out[to++] = x0 + ox; out[to++] = y0 + oy; out[to++] = z0;
      out[to++] = x0 - ox; out[to++] = y0 - oy; out[to++] = z0;
      out[to++] = x1 + ox; out[to++] = y1 + oy; out[to++] = z1;
      out[to++] = x1 + ox; out[to++] = y1 + oy; out[to++] = z1;
      out[to++] = x0 - ox; out[to++] = y0 - oy; out[to++] = z0;
      out[to++] = x1 - ox; out[to++] = y1 - oy; out[to++] = z1;
    }
    return to;
  }

  return { create, ghostColour };
})();
