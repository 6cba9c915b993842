import { Database, HttpError, Router, SqlError } from "@spikard/wasm";

const db = new Database("main");

interface Note {
  id: number;
  title: string;
  text: string;
}

export const notes = new Router({ tags: ["notes"] });

notes.get("/", { query: { title: { type: "string", default: "" } } }, ({ params }) => {
  const pattern = `%${params.title}%`;
  return db.query<Note>`select id, title, text from notes where title like ${pattern} order by id`;
});

notes.get("/{id:int}", async ({ params }) => {
  const note = await db.first<Note>`select id, title, text from notes where id = ${params.id}`;
  if (note === undefined) throw new HttpError(404, `no note \`${params.id}\``);
  return note;
});

const newNote = {
  type: "object",
  properties: { title: { type: "string", minLength: 1 }, text: { type: "string" } },
  required: ["title", "text"],
} as const;

notes.post("/", { body: newNote, status: 201 }, async ({ body }) => {
  try {
    return await db.first<Note>`
      insert into notes (title, text) values (${body.title}, ${body.text}) returning id, title, text`;
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== "unique") throw error;
    throw new HttpError(409, `the title \`${body.title}\` is taken`);
  }
});

notes.delete("/{id:int}", async ({ params }) => {
  const { changes } = await db.execute`delete from notes where id = ${params.id}`;
  if (changes === 0) throw new HttpError(404, `no note \`${params.id}\``);
});

/** Appends another note to this one and deletes the other, both or neither. */
notes.post("/{id:int}/merge/{other:int}", async ({ params }) =>
  db.transaction(async (tx) => {
    const other = await tx.first<Note>`delete from notes where id = ${params.other} returning *`;
    if (other === undefined) throw new HttpError(404, `no note \`${params.other}\``);
    const note = await tx.first<Note>`
      update notes set text = text || ${other.text} where id = ${params.id} returning id, title, text`;
    if (note === undefined) throw new HttpError(404, `no note \`${params.id}\``);
    return note;
  }),
);
