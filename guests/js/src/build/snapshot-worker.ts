/** The thread in which `snapshot` loads an app. */
import { parentPort, workerData } from "node:worker_threads";
import { snapshotHere } from "./snapshot.js";

try {
  const component = snapshotHere(workerData.engine, workerData.bundle);
  parentPort?.postMessage({ component });
} catch (error) {
  parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
}
