/**
 * The part of a host that runs operations: it numbers tasks, starts operations with functions of JavaScript, and calls
 * `resume` when they end.
 */
import assert from "node:assert/strict";

// An app replaces the global.
const { setTimeout } = globalThis;
const EMPTY = { tag: "empty" };
const json = (value) => ({ tag: "json", val: JSON.stringify(value) });

/** The failure of an operation. */
export class Failed extends Error {
  constructor(code, message, more = {}) {
    super(message);
    this.head = { code, message, ...more };
  }
}

const result = ({ status = 200, head, body, text, bytes } = {}) => {
  const content =
    text !== undefined
      ? { tag: "text", val: text }
      : bytes !== undefined
        ? { tag: "bytes", val: bytes }
        : body === undefined
          ? EMPTY
          : json(body);
  return [status, head === undefined ? "" : JSON.stringify(head), content];
};
const failed = (error) => {
  if (!(error instanceof Failed)) throw error;
  return [1, JSON.stringify(error.head), EMPTY];
};

export const sleep = ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * `kinds` maps the kinds of operations to functions: `(head, body) => { status, head, body, text, bytes }`, or a promise of
 * it. A function can throw `Failed`.
 */
export class FakeHost {
  tasks = new Map();
  operations = new Map();
  /** Every call of an import, for assertions. */
  log = [];
  #last = 0;
  #now = 0;

  /** With `late`, the instance runs in Node.js, which runs microtasks after an export has returned. */
  constructor(kinds = {}, late = false) {
    this.kinds = { sleep, ...kinds };
    this.late = late;
  }

  /** The functions of the interface `io`. */
  get io() {
    return {
      task: () => {
        this.log.push("task");
        return this.#now;
      },
      submit: (task, op, kind, head, body) => {
        assert.ok(task !== 0, `\`${kind}\` is not of a task`);
        assert.ok(!this.operations.has(op), "the number of an operation is in use");
        this.log.push(`submit ${kind}`);
        const run = this.kinds[kind];
        if (run === undefined) return failed(new Failed("unknown-kind", `no kind \`${kind}\``));
        let value;
        try {
          value = run(head === "" ? {} : JSON.parse(head), body);
        } catch (error) {
          return failed(error);
        }
        if (!(value instanceof Promise)) return result(value);
        this.operations.set(op, task);
        const end = (outcome) => {
          if (this.operations.get(op) !== task) return;
          this.operations.delete(op);
          this.run(task, () => this.instance.resume(op, ...outcome));
          this.failStuck();
        };
        value.then(
          (late) => end(result(late)),
          (error) => end(failed(error)),
        );
        return [0, "", EMPTY];
      },
      call: (kind, head, body) => {
        this.log.push(`call ${kind}`);
        if (this.kinds[kind] === undefined) return failed(new Failed("unknown-kind", `no kind \`${kind}\``));
        try {
          return result(this.kinds[kind](JSON.parse(head), body));
        } catch (error) {
          return failed(error);
        }
      },
      abandon: (op) => {
        this.log.push("abandon");
        this.operations.delete(op);
      },
      reply: (task, status, headers, body) => this.answer(task, { status, headers, content: body }),
      fail: (task, message, detail) =>
        this.answer(task, { status: 500, headers: "", content: EMPTY, reported: message, detail }),
      select: (task) => {
        this.log.push("select");
        const known = this.tasks.has(task);
        if (known) this.#now = task;
        return known;
      },
    };
  }

  /** The number of the task that the imports refer to. */
  get now() {
    return this.#now;
  }

  answer(task, reply) {
    const resolve = this.tasks.get(task);
    if (resolve === undefined) return;
    this.tasks.delete(task);
    resolve(reply);
  }

  /** Runs an export of a task. */
  run(task, run) {
    this.#now = task;
    const value = run();
    if (!this.late) this.#now = 0;
    return value;
  }

  /** Fails the tasks that nothing can continue. */
  failStuck() {
    if (this.late) setImmediate(() => this.#failStuck());
    else this.#failStuck();
  }

  #failStuck() {
    if (this.operations.size > 0) return;
    for (const stuck of this.tasks.keys()) this.io.fail(stuck, "the task waits for no operation", "");
  }

  /** Begins a call of an export, and returns its number and a promise of its reply. */
  begin(run) {
    this.#last += 1;
    const task = this.#last;
    this.reported = undefined;
    const reply = new Promise((resolve) => this.tasks.set(task, resolve));
    const now = this.run(task, run);
    if (now === undefined || now.status !== 0) this.answer(task, now && { ...now, reported: this.reported });
    this.failStuck();
    return { task, reply };
  }

  handle(route, params, body) {
    return this.begin(() => this.instance.handle(route, params, body)).reply;
  }

  cancel(task) {
    for (const [op, owner] of this.operations) if (owner === task) this.operations.delete(op);
    this.run(task, () => this.instance.cancel(task));
    this.failStuck();
  }
}
