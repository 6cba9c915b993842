/**
 * Replaces functions that componentize-js generates: `handle`, `resume` and the hooks. The generated ones take most of the time
 * of a call on StarlingMonkey: they log twice, decode empty texts, are `async` for every handler, and read each text of a
 * reply character by character. `docs/decisions/0015-starlingmonkey.md` has the measurements.
 *
 * A generated function also waits for the promise of a handler, and the engine aborts if that needs an operation of the
 * host. These functions write the status 0, and the reply over it if the promise settles before the export returns
 * (`src/engine/tasks.ts`).
 */

/** The names that componentize-js 0.23 gives to the functions. */
const NAMES = [
  "handler_0_1_0$handle",
  "resumable_0_1_0$resume",
  "hooks_0_1_0$onRequest",
  "hooks_0_1_0$preValidation",
  "hooks_0_1_0$preHandler",
  "hooks_0_1_0$onResponse",
  "hooks_0_1_0$onError",
] as const;

const SOURCE = `
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

const $contents = ["empty", "json", "text", "bytes"];

/** Reads a variant whose texts are copied. \`tags\` has the names of its cases, the last of which has bytes. */
function $variant(tag, start, size, tags) {
  if (tag === 0) return { tag: "empty" };
  if (tag !== tags.length - 1) return { tag: tags[tag], val: $text(start, size) };
  const val = $bytes.slice(start, start + size);
  if (size !== 0) $dealloc(start, size, 1);
  return { tag: "bytes", val };
}

function $content(content, at) {
  switch (content.tag) {
    case "empty":
      $view.setUint8(at, 0);
      return;
    case "json":
      $encode(content.val, at + 4);
      $view.setUint8(at, 1);
      return;
    case "text":
      $encode(content.val, at + 4);
      $view.setUint8(at, 2);
      return;
    case "bytes": {
      const { val } = content;
      const list = Array.isArray(val) ? Uint8Array.from(val) : new Uint8Array(val.buffer ?? val, val.byteOffset ?? 0, val.byteLength);
      const size = list.length;
      const start = $realloc(0, 0, 1, size);
      $refresh();
      $bytes.set(list, start);
      $view.setUint8(at, 3);
      $view.setUint32(at + 4, start, true);
      $view.setUint32(at + 8, size, true);
      return;
    }
    default:
      throw new TypeError(\`invalid variant tag value \\\`\${JSON.stringify(content.tag)}\\\` specified for \\\`Content\\\`\`);
  }
}

function $lower(reply, result) {
  $refresh();
  $view.setUint16(result, toUint16(reply[0]), true);
  $encode(reply[1], result + 4);
  $content(reply[2], result + 12);
}

/** Writes an optional reply. */
function $early(reply, result) {
  $refresh();
  const some = reply !== undefined && reply !== null;
  $view.setUint8(result, some ? 1 : 0);
  if (some) $lower(reply, result + 4);
}

/** Writes an optional reply whose body is optional. */
function $late(reply, result) {
  $refresh();
  const some = reply !== undefined && reply !== null;
  $view.setUint8(result, some ? 1 : 0);
  if (!some) return;
  $view.setUint16(result + 4, toUint16(reply[0]), true);
  $encode(reply[1], result + 8);
  const body = reply[2];
  const has = body !== undefined && body !== null;
  $view.setUint8(result + 16, has ? 1 : 0);
  if (has) $content(body, result + 20);
}

const $pending = [0, "", { tag: "empty" }];
const $task = Symbol.for("spikard.task");

/** Writes the result of a call, or that the call waits. */
function $answer(value, result, write) {
  if (typeof value?.then !== "function") {
    write(value, result);
    return $done;
  }
  // The promise of an app without the SDK.
  if (value[$task] !== true) return Promise.resolve(value).then((late) => write(late, result));
  write($pending, result);
  // The promise is one of \`false\` if it settles after the export has returned.
  value.then((late) => {
    if (late !== false) write(late, result);
  }).catch((error) => console.error(\`a reply cannot be passed to the host: \${error}\`));
  return $done;
}

/** Runs an export. */
function $export(run) {
  try {
    $refresh();
    return run();
  } catch (error) {
    return Promise.reject(error);
  }
}

function export_handler_0_1_0$handle(route, params, paramsSize, tag, body, bodySize, result) {
  try {
    $refresh();
    const text = $text(params, paramsSize);
    const content = tag === 0 ? { tag: "empty" } : $variant(tag, body, bodySize, $bodies);
    const reply = handler010Handle(route >>> 0, text, content);
    if (typeof reply?.then === "function") return $answer(reply, result, $lower);
    $lower(reply, result);
    return $done;
  } catch (error) {
    return Promise.reject(error);
  }
}

function export_resumable_0_1_0$resume(op, status, head, headSize, tag, body, bodySize) {
  return $export(() => {
    const text = $text(head, headSize);
    resumable010Resume(op >>> 0, status, text, $variant(tag, body, bodySize, $contents));
    return $done;
  });
}

function export_hooks_0_1_0$onRequest(route, result) {
  return $export(() => $answer(hooks010OnRequest(route >>> 0), result, $early));
}

function export_hooks_0_1_0$preValidation(route, result) {
  return $export(() => $answer(hooks010PreValidation(route >>> 0), result, $early));
}

function export_hooks_0_1_0$preHandler(route, params, size, result) {
  return $export(() => $answer(hooks010PreHandler(route >>> 0, $text(params, size)), result, $early));
}

function export_hooks_0_1_0$onResponse(route, status, headers, size, result) {
  return $export(() => $answer(hooks010OnResponse(route >>> 0, status, $text(headers, size)), result, $late));
}

function export_hooks_0_1_0$onError(route, status, headers, size, message, messageSize, result) {
  return $export(() => {
    const texts = [$text(headers, size), $text(message, messageSize)];
    return $answer(hooks010OnError(route >>> 0, status, ...texts), result, $late);
  });
}
`;

/** Returns the generated bindings with these functions replaced. */
export function withOwnExports(bindings: string): string {
  let text = bindings;
  for (const name of NAMES) {
    const start = text.indexOf(`async function export_${name}(`);
    // The function ends at the next line that has only a closing brace.
    const end = text.indexOf("\n}\n", start);
    if (start < 0 || end < 0) {
      throw new Error(
        `componentize-js generated bindings without \`${name}\`: install componentize-js 0.23.0`,
      );
    }
    text = text.slice(0, start) + text.slice(end + 3);
  }
  return `${text}\n${SOURCE}`;
}
