/**
 * Runs in place of wizer in a build with componentize-js: changes the generated bindings, then runs wizer with the same
 * arguments and input. The first argument is the path of wizer.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { withOwnExports } from "./glue.js";

const [wizer, ...args] = process.argv.slice(2);
const input = readFileSync(0, "utf8");
const initializer = /--initializer-script-path (\S+)/.exec(input)?.[1];
if (wizer === undefined || initializer === undefined)
  throw new Error("componentize-js passed no bindings to wizer");
writeFileSync(initializer, withOwnExports(readFileSync(initializer, "utf8")));
const { status, error } = spawnSync(wizer, args, { input, stdio: ["pipe", "inherit", "inherit"] });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
