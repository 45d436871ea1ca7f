import { Worker } from "node:worker_threads"
import { afterEach, expect, test } from "vitest"
import { openBlobCrew } from "./blob_crew.ts"

/** Does nothing, and says that it is done; of what is called lost that it is lost, and of "meanwhile" a while later. */
const SCRIPT = `
const { parentPort } = require("node:worker_threads")
parentPort.on("message", ({ number, id, kind }) => {
  const isForEver = id === "lost"
  const answer = isForEver
    ? { number, kind: "failed", error: new Error("a page was lost"), isForEver }
    : { number, kind: "done", found: id }
  setTimeout(() => parentPort.postMessage(answer), id === "meanwhile" ? 500 : 0)
})`
const crews: ReturnType<typeof openBlobCrew>[] = []
afterEach(async () => {
  for (const crew of crews.splice(0)) await crew.close()
})
function startCrew(): { readonly crew: ReturnType<typeof openBlobCrew>; readonly workers: readonly Worker[] } {
  const workers: Worker[] = []
  const crew = openBlobCrew({ folder: "none", beside: "none" }, () => {
    const worker = new Worker(SCRIPT, { eval: true })
    workers.push(worker)
    return worker
  })
  crews.push(crew)
  return { crew, workers }
}

test("once the folder could not be brought to the disk, no thread's word is taken for it", async () => {
  const { crew, workers } = startCrew()
  expect(await crew.settle("before", [], "")).toBe("before")
  const [meanwhile, lost] = await Promise.allSettled([
    crew.settle("meanwhile", [], ""),
    crew.settle("lost", [], ""), // another thread has it
  ])
  expect(workers).toHaveLength(2)
  for (const outcome of [meanwhile, lost])
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "a page was lost" } })
  await expect(crew.settle("after", [], "")).rejects.toThrow("a page was lost")
})

test("whoever finds all threads at work has another one, of three", async () => {
  const { crew, workers } = startCrew()
  const settled = Promise.all(["one", "two", "three", "four", "five"].map((id) => crew.settle(id, [], "")))
  expect(workers).toHaveLength(3)
  expect(await settled).toEqual(["one", "two", "three", "four", "five"])
  await crew.settle("six", [], "")
  expect(workers).toHaveLength(3)
})

test("what is under way is done before the threads end", async () => {
  const { crew } = startCrew()
  const settled = crew.settle("one", [], "")
  await crew.close()
  expect(await settled).toBe("one")
})

test("a chunk of a buffer that others use is copied, one that is alone in its own is given away", async () => {
  const { crew } = startCrew()
  const shared = Buffer.alloc(2 ** 14, "shared").subarray(0, 2 ** 13)
  const alone = new Uint8Array(2 ** 14)
  await crew.append("one", [shared, alone, Buffer.from("little")])
  expect([shared.length, alone.length]).toEqual([2 ** 13, 0])
})
