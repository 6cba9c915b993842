/**
 * The schemas of the validated workloads, as JSON Schema.
 */
const text = { type: "string" };
const number = { type: "number" };
const integer = { type: "integer" };
const boolean = { type: "boolean" };
const email = { type: "string", format: "email" };
const slug = { type: "string", minLength: 1, maxLength: 255, pattern: "^[a-zA-Z0-9_-]+$" };

/** An object of exactly these members, all of them required. */
const exactly = (properties) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** An object of these members, some of them required. */
const some = (properties, ...required) => ({ type: "object", properties, required });

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

/** Path parameters by pattern. */
export const paths = {
  "simple/:id": some({ id: slug }, "id"),
  "multiple/:user_id/:post_id": some({ user_id: slug, post_id: slug }),
  "deep/:org/:team/:project/:resource/:id": some({ org: slug, team: slug, project: slug, resource: slug, id: slug }),
  "int/:id": some({ id: integer }, "id"),
  "uuid/:uuid": some({ uuid: { type: "string", format: "uuid" } }, "uuid"),
  "date/:date": some({ date: { type: "string", format: "date" } }, "date"),
};

const paging = { page: integer, limit: integer };
const sorting = { sort: text, order: text };
const few = { q: text, ...paging };
const medium = { search: text, category: text, ...sorting, ...paging, filter: text };
const many = {
  ...{ q: text, category: text, subcategory: text, brand: text, min_price: number, max_price: number },
  ...{ color: text, size: text, material: text, rating: integer, ...sorting, ...paging },
  ...{ in_stock: boolean, on_sale: boolean },
};

/** Query parameters with no checks except for types. */
export const rawQueries = { few: some(few), medium: some(medium), many: some(many) };

/** Query parameters. */
export const queries = { few: some(few, "q"), medium: some(medium, "search"), many: some(many, "q") };

/** Forms. */
export const forms = {
  simple: exactly({ name: text, email, age: integer, subscribe: boolean }),
  complex: exactly({
    ...{ username: text, password: text, email, first_name: text, last_name: text, age: integer, country: text },
    ...{ state: text, city: text, zip: text, phone: text, company: text, job_title: text, subscribe: boolean },
    ...{ newsletter: boolean, terms_accepted: boolean, privacy_accepted: boolean, marketing_consent: boolean },
    two_factor_enabled: boolean,
  }),
};

const properties = {};
for (let i = 0; i < 5; i++) {
  properties[`text${i}`] = { type: "string", minLength: 1, maxLength: 64 };
  properties[`count${i}`] = { type: "integer", minimum: 0 };
  properties[`price${i}`] = { type: "number", minimum: 0 };
  properties[`flag${i}`] = boolean;
}

/** The body of `validated-20`. */
export const twenty = exactly(properties);

const whole = { type: "integer", minimum: 0 };

/** The queries of the suite `work`. */
export const work = {
  cpu: some({ seed: whole, rounds: whole }, "seed", "rounds"),
  allocate: some({ items: whole }, "items"),
  slow: some({ ms: whole }, "ms"),
  spin: some({ ms: whole }, "ms"),
};
