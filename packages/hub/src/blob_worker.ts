/** The thread behind blob_crew.ts: what it is told, one after the other. */
import { parentPort, workerData } from "node:worker_threads"
import type { Answer, BlobWorkerData, Order } from "./blob_crew.ts"
import { FOLDER_FAILED, openBlobFiles } from "./blob_files.ts"

const { folder, beside } = workerData as BlobWorkerData
const files = openBlobFiles(folder, beside)
const port = parentPort!

port.on("message", (order: Order) => {
  const answer = answerTo(order)
  if (answer !== undefined) port.postMessage(answer)
})
function answerTo(order: Order): Answer | undefined {
  const { number, id } = order
  try {
    switch (order.kind) {
      case "append":
        files.append(id, order.chunks)
        return { number, kind: "done", found: "" }
      case "settle":
        return { number, kind: "done", found: files.settle(id, order.chunks, order.wanted) }
      case "cancel":
        files.cancel(id)
        return { number, kind: "done", found: "" }
    }
  } catch (error) {
    const isForEver = error instanceof Error && error.message === FOLDER_FAILED
    return { number, kind: "failed", error, isForEver }
  }
}
