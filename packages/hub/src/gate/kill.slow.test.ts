import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Job } from "@open-brains/core/commons/work.ts"
import { expect, test } from "vitest"
import {
  askForWork,
  give,
  honestly,
  lying,
  makeWorker,
  pushCandidate,
  refereeOf,
  settleVillage,
  viewOf,
} from "../testing/gate.ts"
import { jsonOf } from "../testing/hub.ts"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))
const KILLS = 12

async function start(folder: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [MAIN, "--folder", folder, "--port", "0", "--json"])
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the hub ended with ${code}`)))
    child.stdout.on("data", (part) => {
      child.removeAllListeners("exit")
      resolve({ child, url: (JSON.parse(`${part}`) as { url: string }).url })
    })
  })
}
const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("exit", () => resolve())
    child.kill("SIGKILL")
  })

test(`killed ${KILLS} times while a candidate is measured, a hub comes to the verdict all the same, and finds who lied`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "hub-gate-kill-"))
  let seed = 20261127
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed / 2 ** 31
  }
  try {
    let { child, url } = await start(folder)
    const place = { url, folder }
    const village = await settleVillage(place)
    // Nearly as good: it takes some thousand items until it is clear.
    const { id, module } = await pushCandidate(village, "new", (index) => index % 2 === 0 || index % 10 === 1)
    const liar = lying(village, (index) => index % 10 === 4) // often enough to lie in whichever round it is asked
    const workers = [liar, makeWorker(), makeWorker(), makeWorker(), refereeOf(village)]
    let isOver = false
    const working = Promise.all(
      workers.map(async ({ signer, script }) => {
        while (!isOver) {
          try {
            const response = await askForWork(url, signer)
            if (response.status !== 200) {
              await new Promise((resolve) => setTimeout(resolve, 20))
              continue
            }
            const { job } = await jsonOf<{ job: Job }>(response)
            const { status } = await give(url, job, script(job, honestly(village.skills, job, signer))!, signer)
            expect([200, 409]).toContain(status) // it was taken and the answer lost, or the job was void meanwhile
          } catch (error) {
            if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error // the hub is gone
            await new Promise((resolve) => setTimeout(resolve, 20))
          }
        }
      }),
    )
    let kills = 0
    for (; kills < KILLS; kills++) {
      await new Promise((resolve) => setTimeout(resolve, 20 + 200 * random()))
      await kill(child)
      ;({ child, url } = await start(folder))
      if ((await viewOf(url, id)).verdict !== null) break
    }
    for (let i = 0; i < 600 && (await viewOf(url, id)).verdict === null; i++)
      await new Promise((resolve) => setTimeout(resolve, 50))
    isOver = true
    await working
    expect(kills).toBeGreaterThan(5)
    expect(await viewOf(url, id)).toMatchObject({ state: "accepted", artifact: module.artifact })
    const [tag] = await jsonOf<{ artifact: string; serial: number }[]>(fetch(`${url}/api/v1/modules/acme/intent/tags`))
    expect(tag).toMatchObject({ artifact: module.artifact, serial: 2 })
    const told = await jsonOf<{ key: string; marks: number }[]>(fetch(`${url}/api/v1/workers`))
    expect(told.filter(({ marks }) => marks > 0)).toMatchObject([{ key: liar.signer.key, marks: 1 }])
    await kill(child)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 120_000)
