/**
 * Fetch handlers on QuickJS without a bundler: the engine makes a component of an app that exports no `definition`.
 */
import { adopt } from "spikard:engine";
import { findFetchComponent } from "../fetch-app.js";

adopt(findFetchComponent);
