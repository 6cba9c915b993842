/**
 * The call in progress: one run of a handler, or of the hooks of one kind.
 *
 * The host answers for whatever call is in progress, so an object that outlived its own call would read the
 * request of another client. Each object of a request therefore keeps the number of its call and checks it.
 */

/** The state of an instance, which has one call in progress at a time. */
export const call = {
  /** The number of the call in progress; 0 outside of calls. */
  current: 0,
  /** How many calls have begun. None has while the module is evaluated for the component's snapshot. */
  count: 0,
  /** Whether the call has set timers, or queued jobs on an engine whose queue is the SDK's. */
  leftovers: false,
};

/** Throws unless the call with this number is in progress. `what` names the object that asks. */
export function inCall(number: number, what: string): void {
  if (number === call.current && number !== 0) return;
  throw new Error(
    `${what} was used after its handler or hook ended; ` +
      "read what you need before it returns, or await the work that needs it",
  );
}
