/**
 * Converts policies to settings for the host, whose names are the same in snake case.
 *
 * An unknown name is an error: otherwise a misspelled policy would not be enforced.
 */

/**
 * The allowed values of an option: `true` for any value, a set of strings, an object with these members, or a list of
 * these items. The host checks any value, and a value of another type in place of an object or list.
 */
export type OptionSchema = true | Set<string> | Members | readonly [item: OptionSchema];

interface Members {
  readonly [member: string]: OptionSchema;
}

/** The key of a schema whose members can have any name. A list of the same values is allowed too. */
const ANY = "*";

const SECRET: OptionSchema = { secret: true };

/** The policies of apps and of routes. */
export const POLICIES = {
  bodyLimit: true,
  timeoutMs: true,
  timeoutStatus: true,
  instances: new Set(["reuse", "fresh", "shared"]),
  requestId: { header: true, accept: true },
  rateLimit: { requests: true, per: true, burst: true, by: { header: true } },
  cors: { origins: true, methods: true, headers: true, expose: true, credentials: true, maxAge: true },
  compression: { algorithms: true, minSize: true, level: true },
  jwt: {
    algorithms: true,
    secret: SECRET,
    publicKey: SECRET,
    audience: true,
    issuer: true,
    leeway: true,
    requiredClaims: true,
    realm: true,
    optional: true,
    scheme: true,
  },
  apiKey: { keys: { [ANY]: SECRET }, header: true, query: true, cookie: true, realm: true },
  securityHeaders: {
    contentTypeOptions: true,
    frameOptions: true,
    referrerPolicy: true,
    crossOriginOpenerPolicy: true,
    crossOriginResourcePolicy: true,
    strictTransportSecurity: true,
    contentSecurityPolicy: true,
    permissionsPolicy: true,
  },
  security: true,
} as const satisfies Members;

/** The policies that only apps have. */
export const APP_POLICIES = {
  static: [{ prefix: true, folder: true, cacheControl: true, index: true, precompressed: true }],
  trailingSlash: true,
  openapi: {
    path: true,
    docs: true,
    title: true,
    description: true,
    termsOfService: true,
    contact: true,
    license: true,
    servers: true,
    tags: true,
    securitySchemes: true,
  },
  secrets: true,
} as const satisfies Members;

/** Converts a name to snake case, such as `minSize` to `min_size`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns the settings of those options that have a schema. `what` names their owner in an error. */
export function policySettings(
  options: { readonly [option: string]: unknown },
  schemas: Members,
  what: string,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [option, schema] of Object.entries(schemas)) {
    const value = options[option];
    if (value !== undefined) settings[snake(option)] = convert(value, schema, `\`${option}\` of ${what}`);
  }
  return settings;
}

function convert(value: unknown, schema: OptionSchema, what: string): unknown {
  if (schema instanceof Set) {
    if (schema.has(value as string)) return value;
    throw new TypeError(
      `${what} is \`${String(value)}\`: give ${[...schema].join(", ").replace(/, ([^,]*)$/, " or $1")}`,
    );
  }
  if (schema === true || typeof value !== "object" || value === null) return value;
  const any = isList(schema) ? schema[0] : schema[ANY];
  if (Array.isArray(value)) {
    return any === undefined ? value : value.map((item, at) => convert(item, any, `item ${at} of ${what}`));
  }
  if (isList(schema)) return value;
  const members: [string, unknown][] = Object.entries(value).map(([name, member]) => {
    const known = any ?? (Object.hasOwn(schema, name) ? schema[name] : undefined);
    if (known === undefined) {
      const names = Object.keys(schema).join(", ");
      throw new TypeError(`${what} has no member \`${name}\`; the members are ${names}`);
    }
    return [any === undefined ? snake(name) : name, convert(member, known, `\`${name}\` in ${what}`)];
  });
  return Object.fromEntries(members);
}

function isList(schema: Members | readonly [item: OptionSchema]): schema is readonly [item: OptionSchema] {
  return Array.isArray(schema);
}
