/**
 * Workloads on workerd: a fetch handler without a router.
 */
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/hello") return Response.json({ message: "Hello, World!" });
    if (request.method === "POST") return Response.json(await request.json());
    return Response.json({ status: "ok" });
  },
};
