/** The classes of values that the native function `kind` tells apart. */
export const Kind = {
  Primitive: 0,
  Proxy: 1,
  Array: 2,
  Function: 3,
  Error: 4,
  Date: 5,
  RegExp: 6,
  Map: 7,
  Set: 8,
  Promise: 9,
  ArrayBuffer: 10,
  TypedArray: 11,
  WeakMap: 12,
  WeakSet: 13,
  WeakRef: 14,
  Other: 15,
} as const;
