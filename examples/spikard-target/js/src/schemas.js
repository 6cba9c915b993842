/**
 * The schemas of the validated workloads.
 */
const text = { type: "string" };
const number = { type: "number" };
const integer = { type: "integer" };
const boolean = { type: "boolean" };
const email = { type: "string", format: "email" };
const slug = { type: "string", minLength: 1, maxLength: 255, pattern: "^[a-zA-Z0-9_-]+$" };

/** An object of exactly these members, all of them required. */
function exactly(properties) {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

const listOf = (items) => ({ type: "array", items });
const image = exactly({ url: text, name: text });
const country = exactly({ name: text, code: text });
const address = exactly({ street: text, city: text, country });

/** JSON bodies. */
export const json = {
  small: exactly({ name: text, description: text, price: number, tax: number }),
  medium: exactly({ name: text, price: number, image }),
  large: exactly({ name: text, price: number, seller: exactly({ name: text, address }) }),
  "very-large": exactly({ name: text, tags: listOf(text), images: listOf(image) }),
};

/** Path parameters. */
export const paths = {
  simple: { id: slug },
  multiple: { user_id: slug, post_id: slug },
  deep: { org: slug, team: slug, project: slug, resource: slug, id: slug },
  int: { id: integer },
  uuid: { uuid: { type: "string", format: "uuid" } },
  date: { date: { type: "string", format: "date" } },
};

const needed = { type: "string", required: true };
const paging = { page: integer, limit: integer };
const sorting = { sort: text, order: text };

/** Query parameters. */
export const queries = {
  few: { q: needed, ...paging },
  medium: { search: needed, category: text, ...sorting, ...paging, filter: text },
  many: {
    q: needed,
    category: text,
    subcategory: text,
    brand: text,
    min_price: number,
    max_price: number,
    color: text,
    size: text,
    material: text,
    rating: integer,
    ...sorting,
    ...paging,
    in_stock: boolean,
    on_sale: boolean,
  },
};

/** The same parameters, none of them required. */
export function optional(parameters) {
  return Object.fromEntries(Object.entries(parameters).map(([name, { type }]) => [name, { type }]));
}

/** Forms. */
export const forms = {
  simple: exactly({ name: text, email, age: integer, subscribe: boolean }),
  complex: exactly({
    username: text,
    password: text,
    email,
    first_name: text,
    last_name: text,
    age: integer,
    country: text,
    state: text,
    city: text,
    zip: text,
    phone: text,
    company: text,
    job_title: text,
    subscribe: boolean,
    newsletter: boolean,
    terms_accepted: boolean,
    privacy_accepted: boolean,
    marketing_consent: boolean,
    two_factor_enabled: boolean,
  }),
};
