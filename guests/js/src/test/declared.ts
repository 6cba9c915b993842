/**
 * The settings and secrets that an app declares, checked as the host does.
 */
import { Contract } from "../contract.js";
import type { ConfigSchema } from "../declared.js";

/** The declarations of an app. */
export interface DeclaredSettings {
  readonly config?: ConfigSchema;
  readonly secrets?: readonly string[];
}

type Values = Readonly<Record<string, string>>;

/** Returns the values of the test and the defaults of the app. Throws an error that names missing and invalid values. */
export function checkSettings(
  declared: DeclaredSettings,
  given: {
    readonly config?: Readonly<Record<string, string | number | boolean>>;
    readonly secrets?: Values;
  },
): { config: Values; secrets: Values } {
  const secrets = given.secrets ?? {};
  const texts = Object.entries(given.config ?? {}).map(([name, value]) => [name, String(value)]);
  const config: Record<string, string> = Object.fromEntries(texts);
  const schema = declared.config;
  const problems =
    schema === undefined ? [] : [...invalid(schema, config), ...missing(schema.required, config, "config")];
  problems.push(...missing(declared.secrets ?? [], secrets, "secrets"));
  if (problems.length > 0) throw new TypeError(problems.join("; "));
  for (const [name, { default: value }] of Object.entries(schema?.properties ?? {})) {
    if (value !== undefined) config[name] ??= typeof value === "string" ? value : JSON.stringify(value);
  }
  return { config, secrets };
}

/** Returns an error for each name without a value. */
function missing(names: readonly string[], values: Values, option: "config" | "secrets"): string[] {
  const what = option === "config" ? "setting" : "secret";
  return names
    .filter((name) => !Object.hasOwn(values, name))
    .map((name) => `the app needs the ${what} \`${name}\`; pass it to the client in \`${option}\``);
}

/** Checks the values with the host's code, as parameters of a query. */
function invalid(schema: ConfigSchema, values: Values): string[] {
  const given = Object.entries(schema.properties).filter(([name]) => Object.hasOwn(values, name));
  return given.flatMap(([name, property]) => {
    const value = values[name] as string;
    const parameters = JSON.stringify([{ name: "value", in: "query", required: true, schema: property }]);
    const route = { method: "get", path: "/", name: "", parameters, body: "", replies: "", settings: "" };
    const contract = new Contract({ name: "config", version: "0", routes: [route], settings: "" }, undefined);
    const query = new URLSearchParams({ value }).toString();
    const { exchange } = contract.begin({ method: "GET", path: "/", query, headers: [], local: [] });
    const { refusal } = contract.read(exchange, new Uint8Array());
    if (refusal === undefined) return [];
    const { errors } = JSON.parse(refusal.body) as { errors: { msg: string }[] };
    return [`the setting \`${name}\` is \`${value}\`: ${errors[0]?.msg ?? "it is invalid"}`];
  });
}
