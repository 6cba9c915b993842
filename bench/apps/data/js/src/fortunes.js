/**
 * The page of fortunes.
 */
import { database } from "./worlds.js";

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = (text) => text.replace(/[&<>"']/g, (character) => entities[character]);

/** Returns the page of all fortunes and one of the request, sorted by message. */
export async function fortunes() {
  const found = await database.query("select id, message from fortune", []);
  found.push({ id: 0, message: "Additional fortune added at request time." });
  found.sort((a, b) => (a.message < b.message ? -1 : 1));
  const rows = found.map(({ id, message }) => `<tr><td>${id}</td><td>${escapeHtml(message)}</td></tr>`);
  const head = "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>";
  return `${head}<tr><th>id</th><th>message</th></tr>${rows.join("")}</table></body></html>`;
}
