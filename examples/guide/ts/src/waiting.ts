import { config, Database, HttpError, Router, Store, sleep } from "@spikard/wasm";

const db = new Database("main");
const store = new Store();

export const waiting = new Router({ tags: ["waiting"] });

async function rate(currency: string): Promise<{ currency: string; dollars: number }> {
  const url = new URL("/rates", config("rates_url"));
  url.searchParams.set("currency", currency);
  const response = await fetch(url);
  if (!response.ok) throw new HttpError(502, `the rates service answered ${response.status}`);
  return response.json();
}

waiting.get("/overview", async () => {
  const [euro, pound, notes] = await Promise.all([
    rate("EUR"),
    rate("GBP"),
    db.first<{ count: number }>`select count(*) as count from notes`,
  ]);
  return { euro: euro.dollars, pound: pound.dollars, notes: notes?.count };
});

waiting.get("/report", { query: { ms: { type: "integer", default: 20 } } }, async ({ params }) => {
  try {
    await sleep(params.ms, { signal: AbortSignal.timeout(1000) });
    return { lines: 12 };
  } catch (error) {
    if ((error as Error).name !== "TimeoutError") throw error;
    throw new HttpError(504, "the report takes too long");
  }
});

waiting.post("/export", { status: 200 }, async () => {
  await store.set("export", "in progress");
  try {
    await sleep(100);
    return { lines: 12 };
  } finally {
    // Also when the client disconnects or the deadline of the request passes.
    await store.delete("export");
  }
});

let euro: Promise<number> | undefined;

/** Requests that need the rate at the same time wait for one call of the service. */
function sharedEuro(): Promise<number> {
  euro ??= rate("EUR")
    .then(({ dollars }) => dollars)
    .finally(() => {
      euro = undefined;
    });
  return euro;
}

waiting.get("/euro", { instances: "shared" }, async () => ({ dollars: await sharedEuro() }));
