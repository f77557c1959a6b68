/* Lines and sounds of the page, read when they are looked at; the last few stay in memory. */
const Store = (() => {
  "use strict";
  const KEPT_LINES = 24, KEPT_SOUNDS = 8;
  const PATIENCE_MS = 40;

  /* A script element with data; waits for it while the page is still being read. */
  async function part(id) {
    for (;;) {
      const found = document.getElementById(id);
      const whole = document.readyState !== "loading";
      // While the page is read, an element may be there with half of its text.
      if (found && (whole || found.nextElementSibling)) return found.textContent;
      if (whole) throw new Error(`the page has no part ${id}; it may have been cut off.`);
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    }
  }

  function create(config) {
    const kept = { line: new Map(), ghost: new Map(), audio: new Map() };

    async function ask(path) {
      const answer = await fetch(path, { headers: { "X-Review-Token": config.token } });
      if (!answer.ok) throw new Error(`the server answers ${answer.status}.`);
      return answer;
    }

    async function payload(kind, index) {
      if (config.serve) return (await ask(`${kind}/${index}`)).json();
      return JSON.parse(await part(`${kind}-${index}`));
    }

    async function readSound(index) {
      const number = config.lines[index].audio;
      const data = config.serve
        ? await (await ask(`audio/${number}`)).arrayBuffer()
        : Decode.bytes(await part(`audio-${number}`)).buffer;
      return Player.decode(data);
    }

    /* From memory, or by `read`; what was used longest ago is forgotten. */
    function remembered(kind, key, most, read) {
      const map = kept[kind];
      const found = map.get(key) || read();
      map.delete(key);
      map.set(key, found);
      found.catch(() => map.delete(key));
      if (map.size > most) map.delete(map.keys().next().value);
      return found;
    }

    return {
      line: (index) => remembered("line", index, KEPT_LINES, async () => Decode.line(await payload("line", index))),
      ghost: (index) => remembered("ghost", index, KEPT_LINES, async () => Decode.line(await payload("ghost", index))),
      sound: (index) => remembered("audio", config.lines[index].audio, KEPT_SOUNDS, () => readSound(index)),
      async replace(index, newPayload) {
        const line = await Decode.line(newPayload);
        kept.line.set(index, Promise.resolve(line));
        return line;
      },
    };
  }

  return { create };
})();
