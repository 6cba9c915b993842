from dataclasses import dataclass
from typing import Annotated

from spikard_wasm import Database, Field, HttpError, Router, SqlError

db = Database("main")


@dataclass
class Note:
    id: int
    title: str
    text: str


notes = Router(tags=["notes"])


@notes.get("")
async def list_notes(title: str = "") -> list[Note]:
    pattern = f"%{title}%"
    sql = "select id, title, text from notes where title like $1 order by id"
    return await db.query(sql, pattern, into=Note)


@notes.get("/{id:int}")
async def find_note(id: int) -> Note:
    note = await db.first("select id, title, text from notes where id = $1", id, into=Note)
    if note is None:
        raise HttpError(404, f"no note `{id}`")
    return note


@dataclass
class NewNote:
    title: Annotated[str, Field(min_length=1)]
    text: str


@notes.post("", status=201)
async def add_note(body: NewNote) -> Note | None:
    sql = "insert into notes (title, text) values ($1, $2) returning id, title, text"
    try:
        return await db.first(sql, body.title, body.text, into=Note)
    except SqlError as error:
        if error.code != "unique":
            raise
        raise HttpError(409, f"the title `{body.title}` is taken") from None


@notes.delete("/{id:int}")
async def delete_note(id: int) -> None:
    executed = await db.execute("delete from notes where id = $1", id)
    if executed.changes == 0:
        raise HttpError(404, f"no note `{id}`")


@notes.post("/{id:int}/merge/{other:int}")
async def merge_notes(id: int, other: int) -> Note:
    """Appends another note to this one and deletes the other, both or neither."""
    async with db.transaction() as tx:
        text = await tx.first("delete from notes where id = $1 returning text", other, into=str)
        if text is None:
            raise HttpError(404, f"no note `{other}`")
        sql = "update notes set text = text || $1 where id = $2 returning id, title, text"
        note = await tx.first(sql, text, id, into=Note)
        if note is None:
            raise HttpError(404, f"no note `{id}`")
        return note
