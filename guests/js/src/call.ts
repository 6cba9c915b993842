/**
 * The call in progress: one run of a handler, or of the hooks of one kind.
 *
 * The host always answers for the call in progress, so an object that outlives its call would read the request of
 * another client. Each object of a request therefore stores the number of its call and checks it.
 */

/** The state of an instance, which has one call in progress at a time. */
export const call = {
  /** The number of the call in progress; 0 outside of calls. */
  current: 0,
  /** Number of calls that have begun; 0 while the module is evaluated for the component's snapshot. */
  count: 0,
  /** Whether the call has set timers, or queued jobs on an engine whose queue is the SDK's. */
  leftovers: false,
};

/** Throws unless the call with this number is in progress. `what` names the object in the error. */
export function inCall(number: number, what: string): void {
  if (number === call.current && number !== 0) return;
  throw new Error(
    `${what} was used after its handler or hook ended; ` +
      "read what you need before it returns, or await the work that needs it",
  );
}
