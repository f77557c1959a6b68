/* One clock for picture and sound: Web Audio's, less what the loudspeaker lags behind. */
const Player = (() => {
  "use strict";
  const RATE = 16000;
  const LONGEST_STRETCH_SECONDS = 90;
  const PATIENCE_MS = 700;

  /* Sound file bytes -> {samples, rate}; needs no permission to play. */
  async function decode(data) {
    const context = new OfflineAudioContext(1, 1, RATE);
    const buffer = await context.decodeAudioData(data);
    return { samples: buffer.getChannelData(0), rate: buffer.sampleRate };
  }

  /* told: {state(), end(), silent()}: playing began or stopped, the end was reached, no sound can be played. */
  function create(told) {
    let context = null, gain = null, source = null, broken = false;
    let sound = null, duration = 0, stretched = new Map();
    let position = 0, playing = false, startedAt = 0, startedFrom = 0, audible = false;
    let speed = 1, volume = 1, loop = false, range = null;

    function load(newSound, seconds, keep) {
      if (keep && newSound === sound && seconds === duration) return; // goes on without a click
      const again = playing;
      const at = keep ? now() : 0;
      stop();
      if (newSound !== sound) stretched = new Map();
      sound = newSound;
      duration = seconds;
      position = Math.min(at, duration);
      if (!keep) range = null;
      if (again) play();
    }

    function open() {
      if (context || broken) return;
      try {
        context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
        gain = context.createGain();
        gain.gain.value = volume;
        gain.connect(context.destination);
      } catch (error) {
        broken = true;
      }
    }

    /* The sound at this speed, as long as the line: silence where only the curves go on. */
    function buffer() {
      if (stretched.has(speed)) return stretched.get(speed);
      const slow = speed < 1 && duration <= LONGEST_STRETCH_SECONDS;
      const samples = slow ? Signal.stretch(sound.samples, 1 / speed, sound.rate) : sound.samples;
      const length = Math.max(1, Math.ceil((slow ? duration / speed : duration) * sound.rate));
      const made = context.createBuffer(1, length, sound.rate);
      made.copyToChannel(samples.length > length ? samples.subarray(0, length) : samples, 0);
      const entry = { made, rate: slow ? 1 : speed, scale: slow ? 1 / speed : 1 };
      stretched.set(speed, entry);
      return entry;
    }

    function clock() {
      if (!audible) return performance.now() / 1000;
      return context.currentTime - (context.outputLatency || 0);
    }

    function limits() {
      return loop && range ? range : [0, duration];
    }

    function now() {
      if (!playing) return position;
      const [first, last] = limits();
      const raw = startedFrom + Math.max(0, clock() - startedAt) * speed;
      if (!loop) return Math.min(raw, duration);
      return raw < last ? raw : first + ((raw - first) % Math.max(last - first, 1e-3));
    }

    function play() {
      if (playing || duration <= 0) return;
      const [first, last] = limits();
      if (position >= last - 1e-3 || position < first) position = first;
      open();
      audible = Boolean(sound && context && !broken);
      playing = true;
      if (audible) {
        if (context.state !== "running") waitForSound();
        startSource();
      }
      startedFrom = position;
      startedAt = audible ? context.currentTime : clock();
      told.state();
    }

    /* Without a device the clock of Web Audio stands still; then the picture plays alone. */
    function waitForSound() {
      context.resume().catch(() => {});
      const mine = context;
      setTimeout(() => {
        if (mine !== context || mine.state === "running" || !playing) return;
        const at = position;
        stop();
        broken = true;
        context = null;
        position = at;
        told.silent();
        play();
      }, PATIENCE_MS);
    }

    function startSource() {
      const { made, rate, scale } = buffer();
      const [first, last] = limits();
      source = context.createBufferSource();
      source.buffer = made;
      source.playbackRate.value = rate;
      if (loop) {
        source.loop = true;
        source.loopStart = first * scale;
        source.loopEnd = last * scale;
      }
      source.connect(gain);
      source.start(0, position * scale);
    }

    function stop() {
      position = now();
      playing = false;
      if (source) {
        source.stop();
        source.disconnect();
        source = null;
      }
    }

    function pause() {
      if (!playing) return;
      stop();
      told.state();
    }

    /* Change something that sounds differently from here on. */
    function changing(change) {
      const again = playing;
      if (again) stop();
      change();
      if (again) play();
    }

    function seek(seconds) {
      changing(() => {
        position = Math.min(Math.max(seconds, 0), duration);
      });
    }

    /* Called for every picture; tells when the end is reached. */
    function tick() {
      if (playing && !loop && now() >= duration) {
        stop();
        position = duration;
        told.state();
        told.end();
      }
    }

    return {
      load, play, pause, seek, tick, seconds: now,
      playing: () => playing,
      duration: () => duration,
      speed: () => speed,
      looping: () => loop,
      range: () => range,
      setSpeed: (value) => changing(() => { speed = value; }),
      setLoop: (value) => changing(() => { loop = value; }),
      setRange: (value) => changing(() => { range = value; }),
      setVolume(value) {
        volume = value;
        if (gain) gain.gain.value = value;
      },
    };
  }

  return { create, decode, RATE };
})();
