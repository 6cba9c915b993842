#!/usr/bin/env node
/** The command `spikard-wasm-js`. A file of its own, so that it can be linked before `dist` is built. */
import { main } from "../dist/build/cli.js";

process.exitCode = await main(process.argv.slice(2));
