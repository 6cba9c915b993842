/**
 * `\p{...}` in the texts from which an app makes regular expressions on StarlingMonkey, whose engine does not know
 * the properties of characters. The build replaces them in literals, and adds this module, with a table of the
 * properties that the bundle names, if texts have some too.
 */

/** Returns a pattern without properties. `sets` has the inner text of a class for each, such as `p{Nd}`. */
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
        `\`${part}\` is not available on StarlingMonkey in a pattern that is made at run time: ` +
          `use a literal, such as \`/${part}/u\`, or write the property in full in a text of the app`,
      );
    }
    // With the flag `v`, classes can be nested.
    return inClass && !flags.includes("v") ? (sets[property] as string) : `[${sets[property]}]`;
  });
}

/** Replaces the constructor of regular expressions with one that knows the properties in `sets`. */
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
