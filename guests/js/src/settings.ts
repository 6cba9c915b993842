/**
 * Converts policies to settings for the host, whose names are the same in snake case.
 *
 * An unknown name is an error: otherwise a misspelled policy would not be enforced.
 */

/**
 * The allowed values of an option: `true` for any value, a set of strings, an object with these members, or a list of
 * these items. The host checks any value, and a value of another type in place of an object or list.
 */
export type Shape = true | Set<string> | Members | readonly [item: Shape];

interface Members {
  readonly [member: string]: Shape;
}

/** The key of a shape whose members can have any name. A list of the same values is allowed too. */
const ANY = "*";

const SECRET: Shape = { secret: true };

/** The policies of apps and of routes. */
export const POLICIES = {
  bodyLimit: true,
  timeoutMs: true,
  timeoutStatus: true,
  instances: new Set(["reuse", "fresh"]),
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
  },
} as const satisfies Members;

/** Converts a name to snake case, such as `minSize` to `min_size`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns the settings of those options that have a shape. `what` names their owner in an error. */
export function policySettings(
  options: { readonly [option: string]: unknown },
  shapes: Members,
  what: string,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const [option, shape] of Object.entries(shapes)) {
    const value = options[option];
    if (value !== undefined) settings[snake(option)] = convert(value, shape, `\`${option}\` of ${what}`);
  }
  return settings;
}

function convert(value: unknown, shape: Shape, what: string): unknown {
  if (shape instanceof Set) {
    if (shape.has(value as string)) return value;
    throw new TypeError(`${what} is \`${String(value)}\`: give ${[...shape].join(" or ")}`);
  }
  if (shape === true || typeof value !== "object" || value === null) return value;
  const any = isList(shape) ? shape[0] : shape[ANY];
  if (Array.isArray(value)) {
    return any === undefined ? value : value.map((item, at) => convert(item, any, `item ${at} of ${what}`));
  }
  if (isList(shape)) return value;
  const members: [string, unknown][] = Object.entries(value).map(([name, member]) => {
    const known = any ?? (Object.hasOwn(shape, name) ? shape[name] : undefined);
    if (known === undefined) {
      const names = Object.keys(shape).join(", ");
      throw new TypeError(`${what} has no member \`${name}\`; the members are ${names}`);
    }
    return [any === undefined ? snake(name) : name, convert(member, known, `\`${name}\` in ${what}`)];
  });
  return Object.fromEntries(members);
}

function isList(shape: Members | readonly [item: Shape]): shape is readonly [item: Shape] {
  return Array.isArray(shape);
}
