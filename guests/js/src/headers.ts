/**
 * The type of headers that an app sets on a reply.
 */

/** Headers as an object or as pairs. An array as a value sends the header once for each item. */
export type HeadersInit =
  | { readonly [name: string]: string | number | readonly string[] }
  | readonly (readonly [name: string, value: string])[];
