/**
 * The host inside a component: its imports. Chosen by the `#host` entry of package.json wherever
 * node's own condition is not set, so a bundle for an engine gets this file.
 */
import { report } from "spikard:handler/failure@0.1.0";
import * as global from "spikard:handler/global-context@0.1.0";
import * as local from "spikard:handler/local-context@0.1.0";
import * as reply from "spikard:handler/reply@0.1.0";
import * as request from "spikard:handler/request@0.1.0";
import type { Host } from "./types.js";

export const host: Host = {
  method: request.method,
  path: request.path,
  query: request.query,
  header: request.header,
  headers: request.headers,
  cookie: request.cookie,
  cookies: request.cookies,
  peer: request.peer,
  id: request.id,
  rawBody: request.rawBody,
  file: request.file,
  report,
  local,
  global,
  replyBody: reply.body,
};
