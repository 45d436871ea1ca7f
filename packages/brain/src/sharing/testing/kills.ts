/** `brain push` to a hub, where one of the two or both are killed at any moment. For a test and a bench. */
import { type ChildProcess, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { parseArtifact } from "@open-brains/core/commons/artifact.ts"

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url))
const HUB = fileURLToPath(new URL("../../../../hub/src/main.ts", import.meta.url)) // `brain hub` only starts it
const INTENT = fileURLToPath(new URL("../../../../../modules/intent", import.meta.url))
const MODULE = "acme/intent"

export interface KilledPushes {
  readonly hubs: number
  readonly clients: number
  readonly acknowledged: number
  /** Pushes that were acknowledged and are not there, tags that stand for what is not whole, pushes that cannot be run again. */
  readonly faults: readonly string[]
}
interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Each round pushes a new edition; then what the tag stands for is that one or the one before, whole; then it is pushed again. */
export async function killPushes(
  folder: string,
  { rounds, onRound }: { readonly rounds: number; readonly onRound?: (round: number) => void },
): Promise<KilledPushes> {
  const home = join(folder, "home")
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    ...{
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_DATA_HOME: join(home, "data"),
      XDG_CACHE_HOME: join(home, "cache"),
    },
    ...{ BRAIN_STORE: "", BRAIN_HUB: "", BRAIN_REGISTRY_AUTH: "", NODE_OPTIONS: "" },
  }
  const start = (...words: readonly string[]): ChildProcess =>
    spawn(process.execPath, [MAIN, ...words], { env: environment })
  const ending = (child: ChildProcess): Promise<Ended> => {
    const told = { out: "", err: "" }
    child.stdout!.on("data", (part) => (told.out += part))
    child.stderr!.on("data", (part) => (told.err += part))
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...told })))
  }
  const run = async (...words: readonly string[]): Promise<Ended> => ending(start(...words))
  const startHub = async (): Promise<{ readonly child: ChildProcess; readonly url: string }> => {
    const child = spawn(process.execPath, [HUB, "--folder", join(folder, "hub"), "--port", "0", "--json"])
    const ended = ending(child)
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout!.once("data", (part) => resolve(`${part}`))
      void ended.then(({ err }) => reject(new Error(`the hub ended: ${err}`)))
    })
    return { child, url: (JSON.parse(line) as { readonly url: string }).url }
  }

  const module = join(folder, "module")
  mkdirSync(folder, { recursive: true })
  cpSync(INTENT, module, { recursive: true })
  const text = readFileSync(join(module, "module.brain"), "utf8")
  const edit = (edition: number): void =>
    writeFileSync(join(module, "module.brain"), text.replace(/about ".*"/, `about "Edition ${edition}."`))

  const random = stream(20261127, "mix", 0)
  const faults: string[] = []
  let [hubs, clients, acknowledged, edition] = [0, 0, 0, 0]
  let hub = await startHub()
  try {
    for (const words of [
      ["key", "new"],
      ["key", "claim", "acme", "--to", hub.url],
    ]) {
      const { code, err } = await run(...words)
      if (code !== 0) throw new Error(`bug: brain ${words.join(" ")}: ${err}`)
    }
    // How long one takes where nobody kills it, on this machine as it is now: what is killed is killed within that.
    edit(0)
    const begun = performance.now()
    const first = await run("push", module, MODULE, "--to", hub.url)
    if (first.code !== 0) throw new Error(`bug: brain push: ${first.err}`)
    const usualMs = performance.now() - begun
    acknowledged++
    for (let round = 1; round <= rounds; round++) {
      edit(round)
      const client = start("push", module, MODULE, "--to", hub.url)
      const ended = ending(client)
      await new Promise((wake) => setTimeout(wake, usualMs * random.uniform(round)))
      const who = round % 4 === 0 ? "both" : round % 2 === 0 ? "hub" : "client"
      if (who !== "client") {
        await killed(hub.child)
        hubs++
      }
      if (who !== "hub") {
        client.kill("SIGKILL")
        clients++
      }
      const { code } = await ended
      if (who !== "client") hub = await startHub()
      if (code === 0) acknowledged++
      const found = await editionAt(hub.url, faults)
      const allowed = code === 0 ? [round] : [edition, round]
      if (found === undefined || !allowed.includes(found))
        faults.push(
          `round ${round} (${who}): the tag stands for edition ${found}, and ${allowed.join(" or ")} was pushed`,
        )
      const again = await run("push", module, MODULE, "--to", hub.url)
      if (again.code !== 0) faults.push(`round ${round} (${who}): pushed again it is refused: ${again.err}`)
      else acknowledged++
      if ((await editionAt(hub.url, faults)) !== round) faults.push(`round ${round}: pushed again it is not there`)
      edition = round
      onRound?.(round)
    }
  } finally {
    await killed(hub.child)
  }
  return { hubs, clients, acknowledged, faults }
}

const killed = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once("exit", () => resolve())
    child.kill("SIGKILL")
  })

/** Which edition the tag stands for; everything of it is fetched, and compared with its digest. */
async function editionAt(url: string, faults: string[]): Promise<number | undefined> {
  const at = `${url}/v2/${MODULE}`
  const response = await fetch(`${at}/manifests/edge`)
  if (!response.ok) return undefined
  const artifact = parseArtifact(new Uint8Array(await response.arrayBuffer()))
  let text = ""
  for (const { digest, size } of [artifact.card, ...artifact.files]) {
    const found = await fetch(`${at}/blobs/${digest}`)
    const bytes = new Uint8Array(await found.arrayBuffer())
    if (!found.ok || bytes.length !== size || digestOf(bytes) !== digest)
      faults.push(`${artifact.digest} is not whole: the blob ${digest} gives ${found.status}`)
    if (digest === artifact.card.digest) text = Buffer.from(bytes).toString("utf8")
  }
  const number = /"about":"Edition (\d+)\."/.exec(text)?.[1]
  return number === undefined ? undefined : Number(number)
}
const digestOf = (bytes: Uint8Array): Digest => `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest
