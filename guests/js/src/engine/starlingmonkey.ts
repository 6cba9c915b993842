/**
 * What StarlingMonkey lacks, for handlers: random numbers while the module is evaluated, and quick long
 * strings. Import this module first. The `spikard-wasm-js` command does.
 *
 * The engine's `Math.random` asks the host for a seed, which traps before the component runs, and
 * libraries do call it while they are loaded. Until then it is a generator with a fixed seed.
 */
import { engine } from "./engine.js";

const native = Math.random;
let state = 20_261_120;

Math.random = () => {
  if (engine.started) return native();
  // Lehmer's generator with the constants of Park and Miller.
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};

const encoder = new TextEncoder();
engine.encode = (text) => encoder.encode(text);
