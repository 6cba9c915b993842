/**
 * The headers that an app gives to a reply.
 */

/** Headers, as an object or as pairs. An array as a value sends the header once for each. */
export type HeadersInit =
  | { readonly [name: string]: string | number | readonly string[] }
  | readonly (readonly [name: string, value: string])[];
