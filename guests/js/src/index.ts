/**
 * `@spikard/wasm`: HTTP handlers in JavaScript and TypeScript, compiled to WebAssembly components.
 */
export { type AppOptions, Spikard } from "./app.js";
export { sleep, waitUntil } from "./background.js";
export type { Context } from "./context.js";
export type { ConfigDeclaration, ConfigOf, SettingSchema } from "./declared.js";
export type { Dependencies, Dependency, ValuesOf } from "./dependencies.js";
export { config, secret } from "./environment.js";
export { HttpError, type HttpErrorOptions } from "./errors.js";
export type { ErrorClass, ExceptionHandler } from "./exceptions.js";
export { type Form, UploadFile } from "./form.js";
export type { HeadersInit } from "./headers.js";
export type { HookReply, ReplyHeaders } from "./hook-reply.js";
export type { BeforeHook, ErrorHook, HookContext, ResponseHook, RouteHooks } from "./hooks.js";
export type { Component } from "./host/types.js";
export { OperationError } from "./io.js";
export type { LifespanContext, LifespanFunction } from "./lifespan.js";
export type { DeclaredReply, Handler, ParameterSchema, Parameters, RouteOptions } from "./options.js";
export type {
  ApiKey,
  AppPolicies,
  Compression,
  Cors,
  Jwt,
  OpenApi,
  Policies,
  RateLimit,
  RequestId,
  Secret,
  SecurityHeaders,
  SecurityRequirement,
  SecurityScheme,
  StaticFiles,
} from "./policies.js";
export { html, Reply, type ReplyInit, redirect } from "./reply.js";
export type { QueryParams, Request } from "./request.js";
export { type AddRoute, Router, type RouterOptions } from "./router.js";
export {
  type FromSchema,
  type JsonSchema,
  type Schema,
  type SchemaSource,
  type StandardSchema,
  schema,
  type TypedSchema,
} from "./schema.js";
export {
  type JwtAlgorithm,
  type JwtKey,
  type JwtSignOptions,
  type JwtVerifyOptions,
  jwt,
  type PasswordOptions,
  password,
} from "./secrets.js";
export {
  Database,
  type DatabaseOptions,
  type Executed,
  type RunSql,
  SqlError,
  SqlFragment,
  type SqlRow,
  sql,
  Transaction,
  type TransactionOptions,
} from "./sql.js";
export { type Integers, type SqlParameter, SqlValue } from "./sql-values.js";
export { Store, type StoreValue } from "./store.js";
export { ContextError, type GlobalContext, type LocalContext } from "./values.js";
