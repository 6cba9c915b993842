/**
 * What a handler is given.
 */
import { ownBytes } from "./bytes.js";
import { call } from "./call.js";
import { engine } from "./engine/engine.js";
import { parseForm } from "./form.js";
import type { Body } from "./host/types.js";
import { Request } from "./request.js";
import { type GlobalContext, globals, LocalContext } from "./values.js";

/** A call: its parameters, its body and its request. Each is made when it is first asked for. */
export class Context<Params = Record<string, unknown>, Content = unknown> {
  private readonly paramsText: string;
  private readonly content: Body;
  private readonly call: number;
  // Not initialised: a call that asks for none of them does not pay for their fields.
  private paramsValue?: { readonly value: Params };
  private bodyValue?: { readonly value: Content };
  private requestValue?: Request;
  private localValue?: LocalContext;

  constructor(params: string, body: Body) {
    this.paramsText = params;
    this.content = body;
    this.call = call.current;
  }

  /** The parameters of the path and the declared ones, of their declared types. */
  get params(): Params {
    this.paramsValue ??= { value: this.paramsText === "" ? {} : JSON.parse(this.paramsText) };
    return this.paramsValue.value;
  }

  /**
   * The body: the value of a JSON text, a string for text, an object for a form, a `Uint8Array` for
   * anything else, `undefined` when there is none.
   */
  get body(): Content {
    this.bodyValue ??= { value: read(this.content, this.call) as Content };
    return this.bodyValue.value;
  }

  /** The request beyond what the route declares. */
  get request(): Request {
    this.requestValue ??= new Request(this.call);
    return this.requestValue;
  }

  /** Values of this request, which its hooks and its handler share. */
  get local(): LocalContext {
    this.localValue ??= new LocalContext(this.call);
    return this.localValue;
  }

  /** Values of the app, which all of its requests and instances share. */
  get globals(): GlobalContext {
    return globals;
  }
}

function read(body: Body, number: number): unknown {
  switch (body.tag) {
    case "json":
      return JSON.parse(body.val);
    case "form":
      return parseForm(body.val, number);
    case "text":
      return withoutByteOrderMark(body.val);
    case "bytes":
      return ownBytes(body.val);
    case "empty":
      return undefined;
  }
}

/** The text of a body, as `Request.text` of the Fetch standard gives it: a byte order mark is no part of it. */
function withoutByteOrderMark(text: string): string {
  return !engine.dropsByteOrderMark && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
