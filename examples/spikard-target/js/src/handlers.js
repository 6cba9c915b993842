/**
 * The handlers. Raw and validated routes share them, because the host validates.
 */
import { HttpError, UploadFile } from "@spikard/wasm";

/** Returns the files of a form from all fields. */
function filesOf(form) {
  return Object.values(form ?? {})
    .flat()
    .filter((value) => value instanceof UploadFile);
}

function count(files) {
  return {
    files_received: files.length,
    total_bytes: files.reduce((total, file) => total + file.size, 0),
  };
}

export const handlers = {
  health: () => ({ status: "ok" }),
  params: ({ params }) => params,
  body: ({ body }) => body,
  files: ({ body }) => count(filesOf(body)),

  someFiles({ body }) {
    const files = filesOf(body);
    if (files.length === 0) throw new HttpError(400, "the form has no file");
    return count(files);
  },
};
