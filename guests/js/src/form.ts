/**
 * Forms and uploaded files.
 */
import { host } from "#host";
import { ownBytes } from "./bytes.js";
import { type Call, call, inCall } from "./call.js";

/** An uploaded file of a multipart form. `bytes()` fetches its content from the host. */
export class UploadFile {
  private readonly part: number;
  private readonly call: Call | null | undefined;
  /** The file name from the client. Do not use it as a path. */
  readonly filename: string;
  /** The content type from the client. */
  readonly contentType: string | undefined;
  /** The size in bytes. */
  readonly size: number;

  constructor(
    part: number,
    filename: string,
    contentType: string | undefined,
    size: number,
    own: Call | null | undefined = call.current,
  ) {
    this.part = part;
    this.call = own;
    this.filename = filename;
    this.contentType = contentType;
    this.size = size;
  }

  /** Returns the content. Throws after the handler that got the file has ended. */
  bytes(): Uint8Array {
    inCall(this.call, `the file \`${this.filename}\``);
    // On QuickJS, an index that is not an unsigned 32-bit integer traps.
    const bytes = this.part >>> 0 === this.part ? host.file(this.part) : undefined;
    if (bytes === undefined || bytes === null) {
      throw new Error(`the request has no file \`${this.filename}\`; use the files of its form`);
    }
    return ownBytes(bytes);
  }
}

/** A form: a value for each field, or an array of values for a repeated field. */
export type Form = { [field: string]: unknown };

interface FileValue {
  part: number;
  filename?: string;
  content_type?: string;
  size: number;
}

function isFile(value: unknown): value is FileValue {
  // A field such as `a[part]=0` becomes a number only if a schema says so.
  return (
    typeof value === "object" &&
    value !== null &&
    "part" in value &&
    typeof value.part === "number" &&
    "size" in value
  );
}

function field(value: unknown, call: Call): unknown {
  if (Array.isArray(value)) return value.map((one) => field(one, call));
  if (!isFile(value)) return value;
  return new UploadFile(value.part, value.filename ?? "", value.content_type, value.size, call);
}

/** Parses the host's JSON text of a form. Its files can be read during `call`. */
export function parseForm(text: string, call: Call): Form {
  const form: Form = JSON.parse(text);
  for (const name of Object.keys(form)) {
    const value = form[name];
    if (typeof value === "object") form[name] = field(value, call);
  }
  return form;
}
