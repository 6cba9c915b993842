"""The workloads on FastAPI."""

import asyncio
import os
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, FastAPI, Form, HTTPException, Path, Query, Request, UploadFile
from models import Bundle, ComplexForm, LargeItem, Many, MediumItem, SimpleForm, SmallItem, Twenty
from work import allocate as allocate_items
from work import cpu as hash_rounds
from work import spin as spin_for

app = FastAPI(openapi_url=None)

Slug = Annotated[str, Path(min_length=1, max_length=255, pattern="^[a-zA-Z0-9_-]+$")]


@app.get("/")
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


async def echo(body: Annotated[Any, Body()]) -> Any:
    return body


app.post("/echo")(echo)
for size in ("small", "medium", "large", "very-large"):
    app.post(f"/json/{size}")(echo)


@app.post("/validated-20")
async def validated_20(body: Twenty) -> Twenty:
    return body


async def count(request: Request) -> None:
    request.state.hooks = getattr(request.state, "hooks", 0) + 1


async def hooks(request: Request) -> dict[str, int]:
    return {"hooks": getattr(request.state, "hooks", 0)}


async def count_more(request: Request) -> None:
    await count(request)


async def count_most(request: Request) -> None:
    await count(request)


# Three functions, because FastAPI calls the same dependency only once per request.
app.get("/hooks/0")(hooks)
app.get("/hooks/1", dependencies=[Depends(count)])(hooks)
app.get("/hooks/3", dependencies=[Depends(count), Depends(count_more), Depends(count_most)])(hooks)


@app.get("/cpu")
async def cpu(seed: int, rounds: int) -> dict[str, int]:
    return hash_rounds(seed, rounds)


@app.get("/allocate")
async def allocate(items: int) -> dict[str, int]:
    return allocate_items(items)


@app.get("/slow")
async def slow(ms: int) -> dict[str, int]:
    await asyncio.sleep(ms / 1000)
    return {"slept": ms}


@app.get("/spin")
async def spin(ms: int) -> dict[str, int]:
    return spin_for(ms)


def route(path: str, number: int) -> None:
    @app.get(path)
    async def handler(id: str) -> dict[str, Any]:
        return {"route": number, "id": id}


@app.post("/validated/json/small")
async def json_small(body: SmallItem) -> SmallItem:
    return body


@app.post("/validated/json/medium")
async def json_medium(body: MediumItem) -> MediumItem:
    return body


@app.post("/validated/json/large")
async def json_large(body: LargeItem) -> LargeItem:
    return body


@app.post("/validated/json/very-large")
async def json_very_large(body: Bundle) -> Bundle:
    return body


@app.get("/path/simple/{id}")
async def path_simple(id: str) -> dict[str, str]:
    return {"id": id}


@app.get("/path/multiple/{user_id}/{post_id}")
async def path_multiple(user_id: str, post_id: str) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


@app.get("/path/deep/{org}/{team}/{project}/{resource}/{id}")
async def path_deep(org: str, team: str, project: str, resource: str, id: str) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


@app.get("/path/int/{id}")
@app.get("/validated/path/int/{id}")
async def path_int(id: int) -> dict[str, int]:
    return {"id": id}


@app.get("/path/uuid/{uuid}")
async def path_uuid(uuid: str) -> dict[str, str]:
    return {"uuid": uuid}


@app.get("/path/date/{date}")
async def path_date(date: str) -> dict[str, str]:
    return {"date": date}


@app.get("/validated/path/simple/{id}")
async def checked_simple(id: Slug) -> dict[str, str]:
    return {"id": id}


@app.get("/validated/path/multiple/{user_id}/{post_id}")
async def checked_multiple(user_id: Slug, post_id: Slug) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


@app.get("/validated/path/deep/{org}/{team}/{project}/{resource}/{id}")
async def checked_deep(
    org: Slug, team: Slug, project: Slug, resource: Slug, id: Slug
) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


@app.get("/validated/path/uuid/{uuid}")
async def checked_uuid(uuid: UUID) -> dict[str, UUID]:
    return {"uuid": uuid}


@app.get("/validated/path/date/{date}")
async def checked_date(day: Annotated[date, Path(alias="date")]) -> dict[str, date]:
    return {"date": day}


@app.get("/query/few")
@app.get("/validated/query/few")
async def query_few(q: str, page: int = 1, limit: int = 20) -> dict[str, Any]:
    return {"q": q, "page": page, "limit": limit}


@app.get("/query/medium")
@app.get("/validated/query/medium")
async def query_medium(
    search: str,
    category: str | None = None,
    sort: str | None = None,
    order: str | None = None,
    page: int = 1,
    limit: int = 20,
    filter: str | None = None,
) -> dict[str, Any]:
    found = {"search": search, "category": category, "sort": sort, "order": order}
    return found | {"page": page, "limit": limit, "filter": filter}


@app.get("/query/many")
@app.get("/validated/query/many")
async def query_many(query: Annotated[Many, Query()]) -> Many:
    return query


async def form(request: Request) -> dict[str, Any]:
    return dict(await request.form())


for name in ("simple", "complex"):
    app.post(f"/urlencoded/{name}")(form)


@app.post("/validated/urlencoded/simple")
async def form_simple(form: Annotated[SimpleForm, Form()]) -> SimpleForm:
    return form


@app.post("/validated/urlencoded/complex")
async def form_complex(form: Annotated[ComplexForm, Form()]) -> ComplexForm:
    return form


async def files(file: list[UploadFile] | None = None) -> dict[str, int]:
    sizes = [len(await one.read()) for one in file or []]
    return {"files_received": len(sizes), "total_bytes": sum(sizes)}


async def some_files(file: list[UploadFile] | None = None) -> dict[str, int]:
    if not file:
        raise HTTPException(400, "the form has no file")
    return await files(file)


for size in ("small", "medium", "large"):
    app.post(f"/multipart/{size}")(files)
    app.post(f"/validated/multipart/{size}")(some_files)

# Registered last, because FastAPI tries routes in order.
for number in range(int(os.environ.get("MORE_ROUTES", "0"))):
    route(f"/routes/r{number}/{{id}}", number)
