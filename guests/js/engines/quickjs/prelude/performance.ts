/** `performance` (https://w3c.github.io/hr-time). The time origin of an instance is when it first uses the clock. */
import { now, timeOrigin } from "spikard:natives/clock";
import { define, expose } from "./define.ts";
import { EventTarget } from "./event.ts";

class Performance extends EventTarget {
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
expose({ Performance });
define({ performance: new Performance() });
