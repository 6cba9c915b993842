/**
 * Modules that only exist inside a component. Bundlers treat them as external.
 */

declare module "spikard:handler/request@0.1.0" {
  export function method(): string;
  export function path(): string;
  export function query(): string;
  export function header(name: string): string | undefined | null;
  export function headers(): [string, Uint8Array][];
  export function cookie(name: string): string | undefined | null;
  export function cookies(): [string, string][];
  export function peer(): string;
  export function id(): string;
  export function rawBody(): Uint8Array;
  export function file(part: number): Uint8Array | undefined | null;
}

declare module "spikard:handler/failure@0.1.0" {
  export function report(message: string, detail: string): void;
}

declare module "spikard:handler/local-context@0.1.0" {
  export function get(key: string): string | undefined | null;
  export function set(key: string, value: string | undefined): void;
}

declare module "spikard:handler/global-context@0.1.0" {
  export function get(key: string): string | undefined | null;
  export function set(key: string, value: string | undefined): void;
  export function swap(key: string, expected: string | undefined, value: string | undefined): boolean;
  export function add(key: string, delta: bigint | number): bigint | number;
}

declare module "spikard:handler/reply@0.1.0" {
  import type { Content } from "./types.js";
  /** Returns the body of the reply. `undefined` in the world `http-app`, where the bundler replaces this module. */
  export const body: (() => Content) | undefined;
}

declare module "spikard:handler/io@0.1.0" {
  import type { Content } from "./types.js";

  type OperationResult = [status: number, head: string, body: Content];
  export function task(): number;
  export function submit(
    task: number,
    op: number,
    kind: string,
    head: string,
    body: Content,
  ): OperationResult;
  export function call(kind: string, head: string, body: Content): OperationResult;
  export function abandon(op: number): void;
  export function reply(task: number, status: number, headers: string, body: Content | undefined): void;
  export function fail(task: number, message: string, detail: string): void;
  export function select(task: number): boolean;
}

declare module "spikard:engine" {
  import type { EngineApp } from "../engine/engine.js";
  import type { Io } from "../io.js";
  import type { Component } from "./types.js";
  /** Registers the handlers of an app. */
  export function serve(app: EngineApp): void;
  /** Stores the function that makes a component of an app that exports no `definition`. */
  export function adopt(find: (exports: { readonly default?: unknown }) => Component | undefined): void;
  export const start: Io["start"];
  export const stop: Io["stop"];
  export const call: Io["call"];
  export const hold: Io["hold"];
  export const release: Io["release"];
}
