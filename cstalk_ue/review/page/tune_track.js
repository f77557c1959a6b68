// Track: emotion tracks in the page: the grammar of --emotion, and what a hand does to keys.
//
// A key is {time, weights}; weights are those of Track.EMOTIONS, what is missing to 1 is neutral. Keys rise in
// time; one key is an emotion for the whole line. Says the same as cstalk_ue/emotion.py. Touches no document.
const Track = (() => {
  "use strict";

  const EMOTIONS = ["angry", "sad", "surprised", "happy"];
  const SUM_SLACK = 2e-3;
  const APART = 0.01; // seconds between two keys
  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

  function parse(text) {
    const trimmed = text.trim();
    if (!/^\S+=/.test(trimmed)) return [{ time: 0, weights: parseExpression(trimmed) }];
    const keys = [];
    for (const word of trimmed.split(/\s+/)) {
      const cut = word.indexOf("=");
      const time = cut < 0 ? NaN : number(word.slice(0, cut));
      if (!(time >= 0)) throw new Error(`“${word}” is not SECONDS=EMOTION, such as 1.2=angry:0.8.`);
      if (keys.length && time <= keys[keys.length - 1].time) {
        throw new Error(`“${word}” does not come after the key before it.`);
      }
      keys.push({ time, weights: parseExpression(word.slice(cut + 1)) });
    }
    return settled(keys);
  }

  // One key is an emotion for the whole line, whenever it is.
  const settled = (keys) => (keys.length === 1 ? [{ time: 0, weights: keys[0].weights }] : keys);

  function parseExpression(text) {
    const named = new Map();
    const sharing = [];
    for (const term of text.split("+")) {
      const [first, ...rest] = term.split(":");
      const name = first.trim().toLowerCase();
      if (name !== "neutral" && !EMOTIONS.includes(name)) {
        throw new Error(`“${name}” is not one of neutral, ${EMOTIONS.join(", ")}.`);
      }
      if (sharing.includes(name) || named.get(name) > 0) throw new Error(`“${name}” is named twice.`);
      if (!rest.length) {
        sharing.push(name);
        continue;
      }
      const weight = number(rest.join(":").trim());
      if (!(weight >= 0 && weight <= 1)) throw new Error(`The weight of ${name} is not a number from 0 to 1.`);
      named.set(name, weight);
    }
    const total = [...named.values()].reduce((sum, weight) => sum + weight, 0);
    if (total > 1 + SUM_SLACK) throw new Error("The weights sum to more than 1; what is left of 1 is neutral.");
    const left = Math.max(0, 1 - total);
    for (const name of sharing) named.set(name, left / sharing.length);
    const sum = Math.max(1, total);
    return EMOTIONS.map((name) => (named.get(name) || 0) / sum);
  }

  function format(keys) {
    if (keys.length === 1) return formatExpression(keys[0].weights);
    return keys.map((key) => `${short(key.time, 3)}=${formatExpression(key.weights)}`).join(" ");
  }

  function formatExpression(weights) {
    const terms = weights.map((weight, i) => [EMOTIONS[i], short(weight, 4)]).filter(([, weight]) => weight > 0);
    return terms.map(([name, weight]) => (weight === 1 ? name : `${name}:${weight}`)).join("+") || "neutral";
  }

  // Weights at a time: linear between keys, held outside them.
  function at(keys, seconds) {
    const next = keys.findIndex((key) => key.time > seconds);
    if (next === 0) return keys[0].weights.slice();
    if (next < 0) return keys[keys.length - 1].weights.slice();
    const [a, b] = [keys[next - 1], keys[next]];
    const share = (seconds - a.time) / (b.time - a.time);
    return a.weights.map((weight, i) => weight + share * (b.weights[i] - weight));
  }

  // One weight to a new value; if they no longer fit into 1, the others make room in proportion.
  function withWeight(weights, index, value) {
    const others = weights.reduce((sum, weight, i) => (i === index ? sum : sum + weight), 0);
    const room = Math.max(0, 1 - value);
    const scale = others > room ? room / others : 1;
    return weights.map((weight, i) => (i === index ? value : Math.floor(1e4 * weight * scale + 1e-6) / 1e4));
  }

  // The same keys, one of them with other weights.
  function replaced(keys, index, weights) {
    return keys.map((key, i) => (i === index ? { time: key.time, weights } : key));
  }

  // A key at a time, with the weights the track has there, rounded as a slider would; a key that is there
  // already is taken. Gives [keys, index of that key].
  function added(keys, seconds) {
    const time = short(Math.max(0, seconds), 2);
    const near = keys.findIndex((key) => Math.abs(key.time - time) < APART - 1e-9);
    if (near >= 0) return [keys, near];
    const weights = at(keys, time).map((weight) => Math.floor(100 * weight + 1e-6) / 100);
    const all = [...keys, { time, weights }].sort((a, b) => a.time - b.time);
    return [all, all.findIndex((key) => key.time === time)];
  }

  // A key moved in time, not past its neighbours.
  function moved(keys, index, seconds, duration) {
    const low = index > 0 ? keys[index - 1].time + APART : 0;
    const high = index < keys.length - 1 ? keys[index + 1].time - APART : Math.max(low, duration);
    const time = short(Math.min(Math.max(seconds, low), high), 3);
    return keys.map((key, i) => (i === index ? { time, weights: key.weights } : key));
  }

  function removed(keys, index) {
    return settled(keys.filter((_, i) => i !== index));
  }

  const number = (text) => (NUMBER.test(text) ? Number(text) : NaN);
  const short = (value, decimals) => Number(value.toFixed(decimals));

  return { EMOTIONS, parse, format, at, withWeight, replaced, added, moved, removed };
})();
