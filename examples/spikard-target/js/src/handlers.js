/**
 * The handlers. The raw and the validated routes share them: validation is the host's work.
 */
import { HttpError, UploadFile } from "@spikard/wasm";

/** The files of a form, whatever fields they are in. */
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
