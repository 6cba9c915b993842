/**
 * Runs operations in Node.js, for the test client, with the results and errors of the host.
 */
import type { Content } from "../host/types.js";
import type { RawResult } from "../io.js";
import { cryptography } from "./crypto.js";
import { type TestDatabase, TestDatabases } from "./databases.js";
import { Failed, type Operation, type Outcome } from "./outcome.js";
import { stores } from "./stores.js";

/** What the operator of a host would supply. */
export interface Supplies {
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly databases: Readonly<Record<string, TestDatabase>> | undefined;
}

/** The services of a test client. */
export class Services {
  private readonly kinds: Readonly<Record<string, Operation>>;
  private readonly databases: TestDatabases;

  constructor({ config, secrets, databases }: Supplies) {
    this.databases = new TestDatabases(databases);
    const lookUp =
      (values: Readonly<Record<string, string>>): Operation =>
      ({ name }) =>
        Object.hasOwn(values, name) ? { text: values[name] as string } : { status: 404 };
    this.kinds = {
      sleep: ({ ms }) => new Promise((resolve) => setTimeout(() => resolve(undefined), ms)),
      "config.get": lookUp(config),
      "secret.get": lookUp(secrets),
      ...stores(),
      ...cryptography(secrets),
      ...this.databases.kinds,
    };
  }

  /** Runs an operation. */
  run(
    kind: string,
    headText: string,
    body: Content | undefined,
    owner: object,
  ): RawResult | Promise<RawResult> {
    const operation = this.kinds[kind];
    try {
      if (operation === undefined)
        throw new Failed("unknown-kind", `the test client has no operation \`${kind}\``);
      const head: unknown = headText === "" ? {} : JSON.parse(headText);
      const outcome = operation(head, body ?? { tag: "empty" }, owner);
      return outcome instanceof Promise ? outcome.then(raw, failure) : raw(outcome);
    } catch (error) {
      return failure(error);
    }
  }

  /** Ends a task: rolls back its transactions. */
  end(owner: object): void {
    this.databases.end(owner);
  }
}

function raw({ status = 200, head, text, bytes, json }: Outcome = {}): RawResult {
  const headText = head === undefined ? "" : JSON.stringify(head);
  if (text !== undefined) return [status, headText, 2, text];
  if (bytes !== undefined) return [status, headText, 3, bytes];
  return json === undefined ? [status, headText, 0, undefined] : [status, headText, 1, json];
}

function failure(error: unknown): RawResult {
  if (!(error instanceof Failed)) throw error;
  return [1, JSON.stringify(error.head), 0, undefined];
}
