/**
 * Puts the WIT package of the boundary into `wit/`, so that the published package carries it.
 * The repository keeps one copy, at its root.
 */
import { cpSync, rmSync } from "node:fs";

const target = new URL("../wit", import.meta.url);
rmSync(target, { recursive: true, force: true });
cpSync(new URL("../../../wit", import.meta.url), target, { recursive: true });
