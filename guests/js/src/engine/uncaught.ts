/**
 * Errors of callbacks that no handler waits for: they are logged, and fail no request.
 */

/** Logs what a callback threw. It must not throw itself. */
export function logUncaught(error: unknown, where: string): void {
  try {
    const stack = error instanceof Error ? `\n${error.stack ?? ""}`.trimEnd() : "";
    console.error(`uncaught error in ${where}: ${String(error)}${stack}`);
  } catch {
    // The error has no text, or standard error is closed: nothing is left to say it to.
  }
}

/** Calls a callback, and logs what it throws. */
export function runCallback(callback: () => unknown, where: string): void {
  try {
    callback();
  } catch (error) {
    logUncaught(error, where);
  }
}

let warned = false;

/** Says, once in the life of an instance, that timers were dropped. */
export function warnOfDroppedTimers(): void {
  if (warned) return;
  warned = true;
  try {
    console.warn(
      "a request ended with timers pending, which were cleared; await the work that needs them before the handler returns",
    );
  } catch {
    // Standard error is closed.
  }
}
