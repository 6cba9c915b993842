from typing import Annotated, Any

from spikard_wasm import (
    Depends,
    GlobalContext,
    HookReply,
    HttpError,
    Query,
    Reply,
    Request,
    RouteHooks,
    Router,
)


def add_header(reply: HookReply) -> None:
    reply.headers["x-teams"] = "2"


def explain(reply: HookReply) -> Reply:
    """Gives the errors of the host the form of the service."""
    problem = reply.body
    messages = [error["msg"] for error in problem.get("errors", ())]
    return Reply({"message": problem["title"], "errors": messages}, status=reply.status)


teams = Router(tags=["teams"], hooks=RouteHooks(on_response=[add_header], on_error=[explain]))


@teams.get("")
def list_teams() -> list[str]:
    return ["red", "blue"]


def current_user(request: Request) -> str:
    """A dependency: its value is an argument of the handlers, and computed once per request."""
    name = request.header("x-user")
    if name is None:
        raise HttpError(401, "say who you are in `x-user`")
    return name


class TeamFullError(Exception):
    def __init__(self, team: str) -> None:
        super().__init__(f"the team `{team}` is full")
        self.team = team


@teams.post("/{team}/join", status=200)
def join(
    team: str, user: Annotated[str, Depends(current_user)], everyone: GlobalContext
) -> dict[str, str]:
    if everyone.add(f"members of {team}") > 2:
        raise TeamFullError(team)
    return {"team": team, "user": user}


def reply_to_full_team(_request: Request, error: TeamFullError) -> Reply:
    return Reply({"full": error.team}, status=409)


@teams.get("/{team}/members")
def members(team: str, page: Annotated[int, Query(ge=1)] = 1) -> dict[str, Any]:
    return {"team": team, "page": page, "members": []}
