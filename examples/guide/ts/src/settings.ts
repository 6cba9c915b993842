import type { Spikard } from "@spikard/wasm";

export const settings = {
  greeting: { type: "string", default: "Hello" },
  blocked: { type: "string", default: "", description: "Addresses without invitations." },
  page_size: { type: "integer", minimum: 1, maximum: 100, default: 20 },
  rates_url: { type: "string", pattern: "^https?://", description: "The rates service." },
} as const;

export function addGreeting(app: Spikard<typeof settings>): void {
  app.get("/greeting/{name}", ({ params }) => ({
    message: `${app.config.greeting}, ${params.name}!`,
    page_size: app.config.page_size,
  }));
}
