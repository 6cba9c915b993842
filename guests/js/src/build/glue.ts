/**
 * Replaces the `handle` function that componentize-js generates. The generated one takes most of the time of a call on
 * StarlingMonkey: it logs twice, decodes empty texts, is `async` for every handler, and reads each text of a reply
 * character by character.
 * `docs/decisions/0015-starlingmonkey.md` has the measurements.
 */

/** The name that componentize-js 0.23 gives to the function. */
const NAME = "export_handler_0_1_0$handle";

const HANDLE = `
// The engine ignores the value of the promise, because the result has an address.
const $done = Promise.resolve();
let $bytes = new Uint8Array(0);
let $view = new DataView(new ArrayBuffer(0));

/** Replaces the views after the memory has grown. */
function $refresh() {
  const { buffer } = $memory;
  if ($bytes.buffer === buffer) return;
  $bytes = new Uint8Array(buffer);
  $view = new DataView(buffer);
}

function $text(start, size) {
  if (size === 0) return "";
  const text = TEXT_DECODER_UTF8.decode($bytes.subarray(start, start + size));
  $dealloc(start, size, 1);
  return text;
}

/** Writes a text, and its address and size at \`at\`. */
function $encode(text, at) {
  if (typeof text !== "string") throw new TypeError("expected a string, received [" + typeof text + "]");
  const { length } = text;
  let start = 1;
  let size = 0;
  if (length !== 0) {
    if (length <= 4096) {
      // A code unit has at most three bytes in UTF-8.
      start = $realloc(0, 0, 1, 3 * length);
      $refresh();
      size = TEXT_ENCODER_UTF8.encodeInto(text, $bytes.subarray(start, start + 3 * length)).written;
    } else {
      const encoded = TEXT_ENCODER_UTF8.encode(text);
      size = encoded.length;
      start = $realloc(0, 0, 1, size);
      $refresh();
      $bytes.set(encoded, start);
    }
  }
  $view.setUint32(at, start, true);
  $view.setUint32(at + 4, size, true);
}

const $bodies = ["empty", "json", "text", "form", "bytes"];

function $lower(reply, result) {
  const content = reply[2];
  $refresh();
  $view.setUint16(result, toUint16(reply[0]), true);
  $encode(reply[1], result + 4);
  switch (content.tag) {
    case "empty":
      $view.setUint8(result + 12, 0);
      return;
    case "json":
      $encode(content.val, result + 16);
      $view.setUint8(result + 12, 1);
      return;
    case "text":
      $encode(content.val, result + 16);
      $view.setUint8(result + 12, 2);
      return;
    case "bytes": {
      const { val } = content;
      const list = Array.isArray(val) ? Uint8Array.from(val) : new Uint8Array(val.buffer ?? val, val.byteOffset ?? 0, val.byteLength);
      const size = list.length;
      const start = $realloc(0, 0, 1, size);
      $refresh();
      $bytes.set(list, start);
      $view.setUint8(result + 12, 3);
      $view.setUint32(result + 16, start, true);
      $view.setUint32(result + 20, size, true);
      return;
    }
    default:
      throw new TypeError(\`invalid variant tag value \\\`\${JSON.stringify(content.tag)}\\\` specified for \\\`Content\\\`\`);
  }
}

function ${NAME}(route, params, paramsSize, tag, body, bodySize, result) {
  try {
    $refresh();
    const text = $text(params, paramsSize);
    let content;
    if (tag === 0) {
      content = { tag: "empty" };
    } else if (tag === 4) {
      content = { tag: "bytes", val: $bytes.slice(body, body + bodySize) };
      if (bodySize !== 0) $dealloc(body, bodySize, 1);
    } else {
      content = { tag: $bodies[tag], val: $text(body, bodySize) };
    }
    const reply = handler010Handle(route >>> 0, text, content);
    if (typeof reply?.then === "function") return Promise.resolve(reply).then((late) => $lower(late, result));
    $lower(reply, result);
    return $done;
  } catch (error) {
    return Promise.reject(error);
  }
}
`;

/** Returns the generated bindings with `handle` replaced. */
export function withOwnHandle(bindings: string): string {
  const start = bindings.indexOf(`async function ${NAME}(`);
  // The function ends at the next line that has only a closing brace.
  const end = bindings.indexOf("\n}\n", start);
  if (start < 0 || end < 0) {
    throw new Error("componentize-js generated unexpected bindings: install componentize-js 0.23.0");
  }
  return bindings.slice(0, start) + HANDLE + bindings.slice(end + 3);
}
