/**
 * Workloads on Bun's own server and router.
 */
const after = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};

const echo = async (request) => Response.json(await request.json());
const numbers = (request) => {
  const found = {};
  for (const [name, value] of new URL(request.url).searchParams) found[name] = Number(value);
  return found;
};
const params = (request) => Response.json({ ...request.params });

const routes = {
  "/": Response.json({ status: "ok" }),
  "/health": () => Response.json({ status: "ok" }),
  "/hello": () => Response.json({ message: "Hello, World!" }),
  "/echo": { POST: echo },
  "/path/simple/:id": params,
  "/path/multiple/:user_id/:post_id": params,
  "/path/deep/:org/:team/:project/:resource/:id": params,
  "/path/int/:id": (request) => Response.json({ id: Number(request.params.id) }),
  "/path/uuid/:uuid": params,
  "/path/date/:date": params,
  "/hooks/0": () => Response.json({ hooks: 0 }),
  "/cpu": (request) => {
    const { seed, rounds } = numbers(request);
    let value = (2166136261 ^ seed) >>> 0;
    for (let round = 0; round < rounds; round++) value = Math.imul(value ^ (round & 255), 16777619) >>> 0;
    return Response.json({ hash: value });
  },
  "/allocate": (request) => {
    const { items } = numbers(request);
    const all = [];
    for (let id = 0; id < items; id++) all.push({ id, name: `item-${id}`, tags: [`a${id}`, `b${id}`] });
    const kept = all.filter((item) => item.id % 3 === 0 && item.tags.length === 2);
    const bytes = kept.reduce((sum, item) => sum + item.name.length, 0);
    return Response.json({ items: all.length, kept: kept.length, bytes });
  },
  "/slow": async (request) => {
    const { ms } = numbers(request);
    await Bun.sleep(ms);
    return Response.json({ slept: ms });
  },
};
for (const size of ["small", "medium", "large", "very-large"]) routes[`/json/${size}`] = { POST: echo };
// Extra numbered routes, if the workload or load requires them.
for (let route = 0; route < Number(process.env.MORE_ROUTES ?? 0); route++) {
  routes[`/routes/r${route}/:id`] = (request) => Response.json({ route, id: request.params.id });
}

Bun.serve({ port: after("--port", 8000), hostname: "127.0.0.1", routes, fetch: () => new Response("", { status: 404 }) });
