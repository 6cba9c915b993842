/** `performance` (https://w3c.github.io/hr-time). The time origin of an instance is when it first uses the clock. */
import { now, timeOrigin } from "spikard:natives/clock";
import { define, expose } from "./define.ts";
import { EventTarget } from "./event.ts";

const KEY = Symbol();

class Performance extends EventTarget {
  constructor(key?: symbol) {
    if (key !== KEY) throw new TypeError("Performance has no constructor; use `performance`");
    super();
  }
  now(): number {
    return now();
  }
  get timeOrigin(): number {
    return timeOrigin();
  }
  toJSON(): object {
    return { timeOrigin: timeOrigin() };
  }
}
expose({ Performance }, { Performance: 0 });
define({ performance: new Performance(KEY) });
