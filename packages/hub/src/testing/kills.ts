/** A hub that is killed at any moment while modules are pushed to it, again and again. For a test and a bench. */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import type { Digest } from "@open-brains/core/base/digest.ts"
import type { Signer } from "@open-brains/core/commons/envelope.ts"
import { digestBytes } from "../hash.ts"
import { claim, fine, jsonOf, makeModule, makeSigner, pushModule, type TestModule } from "./hub.ts"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))
const NAMES = ["one", "two", "three", "four"]
/** After so many kills others push, since a key may push so many within an hour, and no more. */
const KILLS_OF_KEY = 8
/** Half of them are files, half lie in the database. */
const BYTES = [20_000, 200]

export interface Killed {
  readonly kills: number
  readonly acknowledged: number
  /** Pushes that were acknowledged and are not there, tags that stand for what is not whole. */
  readonly faults: readonly string[]
}

export async function startProcess(
  folder: string,
  words: readonly string[] = [MAIN],
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [...words, "--folder", folder, "--port", "0", "--json"])
  let told = ""
  child.stderr.on("data", (part) => (told += part))
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the hub ended with ${code}: ${told}`)))
    child.stdout.on("data", (part) => {
      child.removeAllListeners("exit")
      resolve({ child, url: (JSON.parse(`${part}`) as { url: string }).url })
    })
  })
}
export const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once("exit", () => resolve())
    child.kill("SIGKILL")
  })

/** A module, its namespace's only owner, and what was acknowledged last. */
interface Pushing {
  readonly namespace: string
  readonly signer: Signer
  last: Last
}
interface Last {
  readonly artifact: Digest | null
  readonly serial: number
}
/** A number from 0 to 1 of each draw. */
export function drawing(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 31
  }
}

export async function killHubs(folder: string, kills: number, onKill?: (count: number) => void): Promise<Killed> {
  const draw = drawing(20261127)
  const all: Pushing[] = []
  const sent = new Map<Digest, TestModule>()
  const faults: string[] = []
  let [pushes, acknowledged] = [0, 0]

  async function look(url: string, pushing: Pushing): Promise<void> {
    const name = `${pushing.namespace}/module`
    const before = pushing.last
    const response = await fetch(`${url}/api/v1/modules/${name}/tags`)
    const [tag] = response.ok ? await jsonOf<{ artifact: Digest; serial: number }[]>(response) : []
    const now: Last = tag ?? { artifact: null, serial: 0 }
    // What was under way when the hub was killed may have arrived, and its answer not.
    const isLater = now.serial === before.serial + 1
    if (!(isLater || (now.serial === before.serial && now.artifact === before.artifact)))
      faults.push(`${name} is at ${now.serial}, ${now.artifact}; acknowledged was ${before.serial}, ${before.artifact}`)
    pushing.last = now
    const module = now.artifact === null ? undefined : sent.get(now.artifact)
    if (now.artifact !== null && module === undefined) faults.push(`${name} stands for what nobody pushed`)
    if (module === undefined) return
    for (const [path, bytes] of [
      ["manifests/edge", module.manifest] as const,
      ...module.blobs.map((blob) => [`blobs/${digestBytes(blob)}`, blob] as const),
    ]) {
      const found = await fetch(`${url}/v2/${name}/${path}`)
      const isWhole = found.ok && Buffer.compare(new Uint8Array(await found.arrayBuffer()), bytes) === 0
      if (!isWhole) faults.push(`${name} is not whole: ${path} gives ${found.status}`)
    }
  }
  /** Until the hub is gone. */
  async function pushOn(url: string, pushing: Pushing): Promise<void> {
    for (;;) {
      const { artifact, serial } = pushing.last
      const bytes = new Uint8Array(BYTES[pushes % BYTES.length]!).map((_, i) => (pushes % 251) ^ (i % 7))
      const module = makeModule(bytes, { about: `push ${pushes++}` })
      sent.set(module.artifact, module)
      try {
        const response = await pushModule(url, `${pushing.namespace}/module`, module, pushing.signer, {
          previous: artifact,
          serial,
        })
        await fine(response)
        await response.arrayBuffer()
      } catch (error) {
        if (error instanceof TypeError) return // no answer any more
        throw error
      }
      acknowledged++
      pushing.last = { artifact: module.artifact, serial: serial + 1 }
    }
  }

  for (let count = 0; count <= kills; count++) {
    const { child, url } = await startProcess(folder)
    try {
      if (count === kills) {
        for (const each of all) await look(url, each)
        break
      }
      if (count % KILLS_OF_KEY === 0)
        for (const name of NAMES) {
          const added = { namespace: `${name}-${count}`, signer: makeSigner(), last: { artifact: null, serial: 0 } }
          await fine(await claim(url, added.namespace, added.signer))
          all.push(added)
        }
      const current = all.slice(-NAMES.length)
      for (const each of current) await look(url, each)
      const pushing = Promise.all(current.map((each) => pushOn(url, each)))
      pushing.catch(() => undefined) // is told below
      await new Promise((resolve) => setTimeout(resolve, 30 + 220 * draw()))
      await kill(child)
      await pushing
    } finally {
      await kill(child)
    }
    onKill?.(count + 1)
  }
  const database = new DatabaseSync(join(folder, "hub.db"))
  const { integrity_check: told } = database.prepare("pragma integrity_check").get() as { integrity_check: string }
  if (told !== "ok") faults.push(`the database: ${told}`)
  database.close()
  return { kills, acknowledged, faults }
}
