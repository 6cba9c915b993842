import { config, HttpError, Router, secret } from "@spikard/wasm";

export const rates = new Router({ tags: ["rates"] });

rates.get("/{currency}", async ({ params }) => {
  const url = new URL("/rates", config("rates_url"));
  url.searchParams.set("currency", params.currency);
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  if (response.status === 404) throw new HttpError(404, `no rate of \`${params.currency}\``);
  if (!response.ok) throw new HttpError(502, `the rates service answered ${response.status}`);
  return response.json();
});

const newOrder = {
  type: "object",
  properties: { currency: { type: "string" }, amount: { type: "integer" } },
  required: ["currency", "amount"],
} as const;

rates.post("/orders", { body: newOrder, status: 201 }, async ({ body }) => {
  const request = {
    method: "POST",
    headers: { authorization: `Bearer ${secret("rates")}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(new URL("/orders", config("rates_url")), request).catch((error) => {
    console.error(error.cause ?? error);
    throw new HttpError(503, "the rates service is not available", { "retry-after": "10" });
  });
  if (!response.ok) throw new HttpError(502, `the rates service answered ${response.status}`);
  return response.json();
});

rates.get("/history/lines", async () => {
  const response = await fetch(new URL("/history.csv", config("rates_url")));
  let lines = 0;
  for await (const chunk of response.body ?? []) {
    for (const byte of chunk) if (byte === 0x0a) lines++;
  }
  return { lines };
});
