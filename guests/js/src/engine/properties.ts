/**
 * Replaces `\p{...}` in regular expressions that an app creates at run time on StarlingMonkey, which does not support
 * Unicode properties. The build replaces them in literals. If the strings of a bundle contain some too, it adds this
 * module with a table of those properties.
 */

/** Returns a pattern without properties. `sets` maps each property, such as `p{Nd}`, to the content of a character class. */
export function replaceProperties(
  pattern: string,
  flags: string,
  sets: Readonly<Record<string, string>>,
): string {
  let inClass = false;
  return pattern.replace(/\\[pP]\{[^{}]*\}|\\.|[[\]]/gs, (part) => {
    if (part === "[") inClass = true;
    if (part === "]") inClass = false;
    if (!/^\\[pP]./.test(part)) return part;
    const property = part.slice(1);
    if (!Object.hasOwn(sets, property)) {
      throw new SyntaxError(
        `StarlingMonkey does not support \`${part}\` in a pattern that is created at run time: ` +
          `use a literal, such as \`/${part}/u\`, or put the complete property in a string literal`,
      );
    }
    // With the flag `v`, classes can be nested.
    return inClass && !flags.includes("v") ? (sets[property] as string) : `[${sets[property]}]`;
  });
}

/** Replaces `RegExp` with a constructor that supports the properties in `sets`. */
export function installProperties(sets: Readonly<Record<string, string>>): void {
  const Native = RegExp;
  const convert = (args: unknown[]): [string, string] => {
    const [pattern, flags] = args;
    const isExpression = pattern instanceof Native;
    const text = isExpression ? pattern.source : pattern;
    const all = flags ?? (isExpression ? pattern.flags : undefined);
    if (typeof text === "string" && typeof all === "string" && /[uv]/.test(all) && /\\[pP]\{/.test(text))
      return [replaceProperties(text, all, sets), all];
    return args as [string, string];
  };
  const replaced: RegExpConstructor = new Proxy(Native, {
    apply(target, self, args) {
      const [pattern, flags] = args;
      const isSame = pattern instanceof Native && flags === undefined && pattern.constructor === replaced;
      return isSame ? pattern : Reflect.apply(target, self, convert(args));
    },
    construct: (target, args, newTarget) => Reflect.construct(target, convert(args), newTarget),
  });
  globalThis.RegExp = replaced;
  Object.defineProperty(Native.prototype, "constructor", {
    value: replaced,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
