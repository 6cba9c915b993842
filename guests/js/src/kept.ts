/**
 * Keeps what many calls compute again, such as the text of the usual headers.
 */
const MOST = 128;
const LONGEST = 2048;

/** Keeps a value by a text. The number is limited: texts that differ in each request must not fill the memory. */
export function keep<T>(kept: Map<string, T>, key: string, value: T): T {
  if (key.length <= LONGEST) {
    if (kept.size >= MOST) kept.clear();
    kept.set(key, value);
  }
  return value;
}
