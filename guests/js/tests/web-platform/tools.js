/** What the checks use. */

/** Returns a value as a short text. */
export const shown = (value) => {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
};

/** Describes the first value that differs. */
export function differs(object, expected) {
  for (const [name, value] of Object.entries(expected)) {
    if (object[name] !== value) return `\`${name}\` is ${shown(object[name])}, not ${shown(value)}`;
  }
}

/** Returns a failure if a function does not throw an error of this type. */
export function throws(run, type) {
  try {
    return `returns ${shown(run())} instead of throwing`;
  } catch (error) {
    if (error?.name !== type) return `throws ${error?.name}, not ${type}`;
  }
}
