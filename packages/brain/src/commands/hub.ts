import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type ExitCode, firstParty, type Services } from "../services.ts"

export interface HubOptions {
  readonly folder: string
  readonly port: string
  readonly host?: string
  readonly database?: string
  readonly anonymous?: boolean
  readonly json?: boolean
}

/** `brain hub`: starts the hub beside, passes on what it says, and ends when it does. Errors: OB742 when it is not installed. */
export function hub(options: HubOptions, services: Services, main = findHub()): Promise<ExitCode> {
  if (main === undefined)
    return refuse({
      code: "OB742",
      seen: "The hub is not installed here.",
      hint: "It comes with the repository: run ./brain hub in its folder.",
    })
  const { folder, port, host, database, anonymous, json } = options
  const words = [
    ...["--folder", folder, "--port", port],
    ...(host === undefined ? [] : ["--host", host]),
    ...(database === undefined ? [] : ["--database", database]),
    ...(anonymous === undefined ? [] : [anonymous ? "--anonymous" : "--no-anonymous"]),
    ...(json === true ? ["--json"] : []),
  ]
  const child = spawn(process.execPath, [main, ...words], { stdio: ["ignore", "pipe", "pipe"] })
  const end = (): void => void child.kill("SIGTERM")
  process.once("exit", end) // however this ends, it leaves no hub behind
  createInterface({ input: child.stdout }).on("line", services.print)
  createInterface({ input: child.stderr }).on("line", services.complain)
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => {
      process.removeListener("exit", end)
      resolve(code === 2 ? 2 : code === 0 ? 0 : 1)
    })
  })
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
