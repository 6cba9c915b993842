/**
 * Errors of callbacks that no handler awaits. The SDK logs them; they do not fail a request.
 */

/** Logs the error of a callback. This function never throws. */
export function logUncaught(error: unknown, where: string): void {
  try {
    const stack = error instanceof Error ? `\n${error.stack ?? ""}`.trimEnd() : "";
    console.error(`uncaught error in ${where}: ${String(error)}${stack}`);
  } catch {
    // The error cannot be converted to a string, or standard error is closed.
  }
}

/** Calls a callback and logs its error. */
export function runCallback(callback: () => unknown, where: string): void {
  try {
    callback();
  } catch (error) {
    logUncaught(error, where);
  }
}

let warned = false;

/** Logs a warning about abandoned operations or cleared timers, once per instance. */
export function warnOfLeftovers(isOperation: boolean): void {
  if (warned) return;
  warned = true;
  const what = isOperation
    ? "operations in progress, which were abandoned"
    : "timers pending, which were cleared";
  try {
    console.warn(
      `a request ended with ${what}; await the work that needs them before the handler returns, ` +
        "or pass its promise to `waitUntil`",
    );
  } catch {
    // Standard error is closed.
  }
}
