/**
 * The page of fortunes.
 */
const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = (text) => text.replace(/[&<>"']/g, (character) => entities[character]);

/** Adds the fortune of the request and returns the page, sorted by message. */
export function page(found) {
  const fortunes = [...found, { id: 0, message: "Additional fortune added at request time." }];
  fortunes.sort((a, b) => (a.message < b.message ? -1 : 1));
  const rows = fortunes.map(({ id, message }) => `<tr><td>${id}</td><td>${escapeHtml(message)}</td></tr>`);
  const head = "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>";
  return `${head}<tr><th>id</th><th>message</th></tr>${rows.join("")}</table></body></html>`;
}
