/**
 * The globals of apps on QuickJS that the engine itself does not have. The engine evaluates this module before the app,
 * while the component is built, so that all of it is a part of the snapshot. The SDK adds `fetch`.
 */
import { define } from "./define.ts";
import "./console.ts";
import "./text.ts";
import "./url.ts";
import "./event.ts";
import "./abort.ts";
import "./performance.ts";
import "./crypto.ts";
import "./lazy.ts";
import "./blob.ts";
import "./form-data.ts";
import "./headers.ts";
import "./fetch.ts";
import "./clone.ts";

define({ self: globalThis });
