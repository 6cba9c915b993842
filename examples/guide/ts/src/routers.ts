import { type Context, HttpError, Reply, Router } from "@spikard/wasm";

export const teams = new Router({ tags: ["teams"] });

teams.get("/", () => ["red", "blue"]);

const authenticated = teams.with({ user: currentUser });

authenticated.post("/{team}/join", ({ params, user, globals }) => {
  if (globals.add(`members of ${params.team}`) > 2) throw new TeamFull(params.team);
  return { team: params.team, user };
});

/** A dependency: its value is in the context of the handlers, and computed once per request. */
function currentUser({ request }: Context): string {
  const name = request.header("x-user");
  if (name === undefined) throw new HttpError(401, "say who you are in `x-user`");
  return name;
}

class TeamFull extends Error {
  readonly team: string;

  constructor(team: string) {
    super(`the team \`${team}\` is full`);
    this.team = team;
  }
}

teams.onException(TeamFull, ({ team }) => new Reply({ full: team }, { status: 409 }));

teams.onResponse((reply) => reply.headers.set("x-teams", "2"));

/** Gives the errors of the host the form of the service. */
teams.onError((reply) => {
  const { title, errors } = reply.body as { title: string; errors?: { msg: string }[] };
  return { message: title, errors: errors?.map(({ msg }) => msg) ?? [] };
});

const page = { type: "integer", minimum: 1, default: 1 } as const;

teams.get("/{team}/members", { query: { page } }, ({ params }) => ({ ...params, members: [] }));
