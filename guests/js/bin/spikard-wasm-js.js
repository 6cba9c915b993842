#!/usr/bin/env node
/** The command `spikard-wasm-js`. It is a separate file so that npm can link it before `dist` is built. */
import { main } from "../dist/build/cli.js";

process.exitCode = await main(process.argv.slice(2));
