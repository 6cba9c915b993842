/**
 * The call in progress: one run of a handler, or of the hooks of one kind.
 *
 * The host answers every import for the call in progress, so an object that outlives its call would read the request
 * of another client. Each object of a request therefore stores its call and checks it.
 */

/** The identity of a call: the context that its handler or hooks get. */
export type Call = object;

/** The state of an instance, which has one call in progress at a time. */
export const call: {
  /** The call in progress; `null` between calls, `undefined` during module evaluation and before the first call. */
  current: Call | null | undefined;
  /** Whether the call has set timers or started operations. */
  leftovers: boolean;
  /** Makes a call current that waits while another one is in progress. Returns false if it has ended. */
  enter: (own: Call) => boolean;
} = { current: undefined, leftovers: false, enter: () => false };

/** Throws unless `own` is the call in progress, or one that waits. `what` names the object in the error. */
export function inCall(own: Call | null | undefined, what: string): void {
  if (own && (own === call.current || call.enter(own))) return;
  throw new Error(
    `${what} was used after its handler or hook ended; ` +
      "read what you need before it returns, or await the work that needs it",
  );
}
