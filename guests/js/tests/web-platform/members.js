/** The checks of members of Web APIs. They run in an engine. */
import { differs, throws } from "./tools.js";

/** The checks of Web IDL. `owner` is a global, or "globalThis". */
export const MEMBERS = {
  interface({ owner, length, parent, abstract }) {
    const found = globalThis[owner];
    if (typeof found !== "function") return "is missing";
    if (parent !== null && Object.getPrototypeOf(found) !== globalThis[parent])
      return `does not extend ${parent}`;
    if (abstract) return throws(() => new found(), "TypeError");
    if (throws(() => found(), "TypeError") !== undefined) return "can be called without `new`";
    return differs(
      { length: found.length, tag: found.prototype[Symbol.toStringTag] },
      { length, tag: owner },
    );
  },
  namespace: ({ owner }) => (typeof globalThis[owner] === "object" ? undefined : "is missing"),
  attribute(data) {
    const found = property(data);
    if (found === undefined) return "is missing";
    if (data.owner === "globalThis") return;
    if (found.get === undefined) return "is not a getter";
    return differs(
      { enumerable: found.enumerable, readonly: found.set === undefined },
      { enumerable: true, readonly: data.readonly },
    );
  },
  operation(data) {
    const found = property(data)?.value;
    if (typeof found !== "function") return "is missing";
    return differs({ length: found.length, name: found.name }, { length: data.length, name: data.member });
  },
  constant(data) {
    const found = property(data);
    if (found === undefined) return "is missing";
    return differs({ value: found.value, writable: found.writable }, { value: data.value, writable: false });
  },
  iterable: ({ owner, member }) =>
    typeof globalThis[owner]?.prototype?.[Symbol[member]] === "function" ? undefined : "is missing",
};

function property({ owner, on, member }) {
  const object = owner === "globalThis" ? globalThis : globalThis[owner];
  const target = on === "prototype" ? object?.prototype : object;
  return target === undefined ? undefined : Object.getOwnPropertyDescriptor(target, member);
}
