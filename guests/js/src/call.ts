/**
 * The call in progress: one run of a handler, or of the hooks of one kind.
 *
 * The host always answers for the call in progress, so an object that outlives its call would read the request of
 * another client. Each object of a request therefore stores its call and checks it.
 */

/** What identifies a call: the context that its handler or its hooks are given. */
export type Call = object;

/** The state of an instance, which has one call in progress at a time. */
export const call: {
  /** The call in progress; `null` between calls, `undefined` before the first, as in a snapshot. */
  current: Call | null | undefined;
  /** Whether the call has set timers, or queued jobs on an engine whose queue is the SDK's. */
  leftovers: boolean;
} = { current: undefined, leftovers: false };

/** Throws unless `own` is the call in progress. `what` names the object that asks. */
export function inCall(own: Call | null | undefined, what: string): void {
  if (own && own === call.current) return;
  throw new Error(
    `${what} was used after its handler or hook ended; ` +
      "read what you need before it returns, or await the work that needs it",
  );
}
