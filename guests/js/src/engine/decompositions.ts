/**
 * The decompositions of characters, in typed arrays, which take little memory in the snapshot of the engine.
 */
export class Decompositions {
  readonly #characters: Uint32Array;
  /** The index of each character's first part. */
  readonly #starts: Uint16Array;
  readonly #parts: Uint32Array;

  /** Reads lines of a character and its parts, in ascending order. */
  constructor(lines: string) {
    const count = lines.split("\n").length;
    this.#characters = new Uint32Array(count);
    this.#starts = new Uint16Array(count + 1);
    this.#parts = new Uint32Array(lines.length - count);
    let [line, used, first] = [0, 0, true];
    for (const character of lines) {
      const point = character.codePointAt(0) as number;
      if (character === "\n") {
        this.#starts[++line] = used;
        first = true;
      } else if (first) {
        this.#characters[line] = point;
        first = false;
      } else {
        this.#parts[used++] = point;
      }
    }
    this.#starts[count] = used;
  }

  get(character: number): Uint32Array | undefined {
    let [low, high] = [0, this.#characters.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#characters[middle] as number) < character) low = middle + 1;
      else high = middle;
    }
    if (this.#characters[low] !== character) return undefined;
    return this.#parts.subarray(this.#starts[low], this.#starts[low + 1]);
  }

  /** Calls a function with each character and its parts. */
  each(run: (character: number, parts: Uint32Array) => void): void {
    for (const [at, character] of this.#characters.entries())
      run(character, this.#parts.subarray(this.#starts[at], this.#starts[at + 1]));
  }
}
