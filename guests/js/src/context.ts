/**
 * The context that handlers and hooks get.
 */
import { ownBytes } from "./bytes.js";
import type { Call } from "./call.js";
import { engine } from "./engine/engine.js";
import { parseForm } from "./form.js";
import type { Body } from "./host/types.js";
import { Request } from "./request.js";
import { type GlobalContext, globals, LocalContext } from "./values.js";

/** The parameters, body, request and contexts of a call. Each is created on first access. */
export class Context<Params = Record<string, unknown>, Content = unknown> {
  private readonly paramsText: string;
  private readonly content: Body;
  // Not initialized, so that a call that uses none of them does not pay for the fields.
  private paramsValue?: { readonly value: Params };
  private bodyValue?: { readonly value: Content };
  private requestValue?: Request;
  private localValue?: LocalContext;

  constructor(params: string, body: Body) {
    this.paramsText = params;
    this.content = body;
  }

  /** The parameters of the path and the other declared parameters, in their declared types. */
  get params(): Params {
    this.paramsValue ??= { value: this.paramsText === "" ? {} : JSON.parse(this.paramsText) };
    return this.paramsValue.value;
  }

  /**
   * The body: the value of a JSON body, a string for text, an object for a form, a `Uint8Array` for any other body, or
   * `undefined` for an empty one.
   */
  get body(): Content {
    this.bodyValue ??= { value: read(this.content, this) as Content };
    return this.bodyValue.value;
  }

  /** The whole request. */
  get request(): Request {
    this.requestValue ??= new Request(this);
    return this.requestValue;
  }

  /** Values that the hooks and the handler of this request share. */
  get local(): LocalContext {
    this.localValue ??= new LocalContext(this);
    return this.localValue;
  }

  /** Values that all requests and instances of the app share. */
  get globals(): GlobalContext {
    return globals;
  }
}

function read(body: Body, call: Call): unknown {
  switch (body.tag) {
    case "json":
      return JSON.parse(body.val);
    case "form":
      return parseForm(body.val, call);
    case "text":
      return withoutByteOrderMark(body.val);
    case "bytes":
      return ownBytes(body.val);
    case "empty":
      return undefined;
  }
}

/** Removes a byte order mark from a text, as `Request.text` of the Fetch standard does. */
function withoutByteOrderMark(text: string): string {
  return !engine.dropsByteOrderMark && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
