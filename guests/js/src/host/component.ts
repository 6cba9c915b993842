/**
 * The host inside a component: the component's imports.
 *
 * The `#host` entry of package.json selects this file unless the condition `node` is set, so a bundle for an engine
 * gets it.
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
