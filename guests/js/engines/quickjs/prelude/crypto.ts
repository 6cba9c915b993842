/** `crypto` (https://w3c.github.io/webcrypto). */
import { fillRandom, randomUUID } from "spikard:natives/crypto";
import { kind } from "spikard:natives/values";
import { bytesOf, define, expose } from "./define.ts";
import { Kind } from "./kind.ts";
import { CryptoKey, KEY, SubtleCrypto } from "./subtle.ts";

class Crypto {
  readonly #subtle = new SubtleCrypto(KEY);

  constructor(key?: symbol) {
    if (key !== KEY) throw new TypeError("Crypto has no constructor; use `crypto`");
  }

  get subtle(): SubtleCrypto {
    return this.#subtle;
  }

  getRandomValues<T extends ArrayBufferView>(array: T): T {
    const name = (array as unknown as Record<symbol, string>)?.[Symbol.toStringTag] ?? "";
    if (kind(array) !== Kind.TypedArray || name.startsWith("Float")) {
      const sentence = "`getRandomValues` fills an array of integers; give a Uint8Array, for example";
      if (!ArrayBuffer.isView(array)) throw new TypeError(sentence);
      throw new DOMException(sentence, "TypeMismatchError");
    }
    if (array.byteLength > 65536) {
      throw new DOMException(
        `the array has ${array.byteLength} bytes; \`getRandomValues\` fills at most 65536`,
        "QuotaExceededError",
      );
    }
    fillRandom(bytesOf(array));
    return array;
  }

  randomUUID(): string {
    return randomUUID();
  }
}

expose({ Crypto, CryptoKey, SubtleCrypto }, { Crypto: 0, CryptoKey: 0, SubtleCrypto: 0, deriveBits: 2 });
define({ crypto: new Crypto(KEY) });
