import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { messageOf, refuse } from "@open-brains/core/base/problem.ts"
import { type ExitCode, firstParty, type Services } from "../services.ts"
import { openPauses } from "../working/pause.ts"

/** This command itself, for a child of it. */
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))

export interface HubOptions {
  readonly folder: string
  readonly port: string
  readonly host?: string
  readonly database?: string
  readonly verifiers?: string
  readonly anonymous?: boolean
  readonly json?: boolean
}

/**
 * `brain hub`: starts the hub beside, and its referee, who works for it with its own key. Passes on what the hub says, and ends when it
 * does. Errors: OB742 when it is not installed.
 */
export function hub(options: HubOptions, services: Services, main = findHub()): Promise<ExitCode> {
  if (main === undefined)
    return refuse({
      code: "OB742",
      seen: "The hub is not installed here.",
      hint: "It comes with the repository: run ./brain hub in its folder.",
    })
  const { folder, port, host, database, verifiers, anonymous, json } = options
  const words = [
    ...["--folder", folder, "--port", port],
    ...(host === undefined ? [] : ["--host", host]),
    ...(database === undefined ? [] : ["--database", database]),
    ...(verifiers === undefined ? [] : ["--verifiers", verifiers]),
    ...(anonymous === undefined ? [] : [anonymous ? "--anonymous" : "--no-anonymous"]),
    ...(json === true ? ["--json"] : []),
  ]
  services.whenStopped("The hub has ended; all that it took is in its folder.")
  const child = spawn(process.execPath, [main, ...words], { stdio: ["ignore", "pipe", "pipe"] })
  const end = (): void => void child.kill("SIGTERM")
  process.once("exit", end) // however this ends, it leaves no hub behind
  let endReferee: (() => void) | undefined
  createInterface({ input: child.stdout }).on("line", (line) => {
    services.print(line)
    const url = /https?:\/\/[^\s"]+/.exec(line)?.[0]
    if (url !== undefined) endReferee ??= keepReferee(url, folder, services)
  })
  createInterface({ input: child.stderr }).on("line", services.complain)
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => {
      process.removeListener("exit", end)
      endReferee?.()
      resolve(code === 2 ? 2 : code === 0 ? 0 : 1)
    })
  })
}

const RESTART_MS = [1000, 60_000] as const

/** Runs a referee, and another one after a pause when it has died, until the function that it gives is called. */
function keepReferee(url: string, folder: string, services: Services): () => void {
  const pauses = openPauses(...RESTART_MS)
  const words = ["work", "--hub", url, "--referee", folder, "--insecure"]
  // What strangers pushed is the hub's, not this person's.
  const environment = { ...process.env, BRAIN_STORE: join(resolve(folder), "referee") }
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const start = (): void => {
    const began = performance.now()
    child = spawn(process.execPath, [MAIN, ...words], { stdio: ["ignore", "pipe", "pipe"], env: environment })
    // A dispute, or an item of what all agree about: whoever runs the hub reads what it was.
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.startsWith("job ")) services.complain(`referee: ${line}`)
    })
    createInterface({ input: child.stderr! }).on("line", (line) => services.complain(`referee: ${line}`))
    child.once("error", (error) => services.complain(`referee: ${messageOf(error)}`))
    child.once("close", () => {
      child = undefined
      if (isOver) return
      if (performance.now() - began > RESTART_MS[1]) pauses.reset()
      timer = setTimeout(start, pauses.next())
    })
  }
  const end = (): void => {
    isOver = true
    clearTimeout(timer)
    process.removeListener("exit", end)
    child?.kill("SIGKILL") // it owns nothing that would have to be closed
  }
  process.once("exit", end)
  start()
  return end
}

/** In this repository, or where npm has put the package. */
function findHub(): string | undefined {
  const beside = firstParty("packages", "hub", "src", "main.ts")
  if (beside !== undefined) return beside
  try {
    const main = join(dirname(createRequire(import.meta.url).resolve("@open-brains/hub")), "main.ts")
    return existsSync(main) ? main : undefined
  } catch {
    return undefined
  }
}
