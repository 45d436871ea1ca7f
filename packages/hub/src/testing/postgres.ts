/** A server of PostgreSQL of a test's own, on loopback, in a folder that goes with it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"

export interface Postgres {
  /** A new database in it: its address. */
  create(): Promise<string>
  end(): Promise<void>
}

const DEBIAN = "/usr/lib/postgresql"
const ATTEMPTS = 3 // the port may be taken between the look and the start
const START_MS = 30_000

/** What is missing, in words, or nothing. */
export function missingPostgres(): string | undefined {
  if (programs() === undefined) return "PostgreSQL is not installed"
  return isRoot() && owner() === undefined
    ? "PostgreSQL does not run as root, and there is no user postgres"
    : undefined
}
function programs(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  return versions.map((version) => join(DEBIAN, version, "bin")).find((bin) => existsSync(join(bin, "initdb")))
}
const isRoot = (): boolean => process.getuid?.() === 0
interface Owner {
  readonly uid: number
  readonly gid: number
}
function owner(): Owner | undefined {
  const [uid, gid] = ["-u", "-g"].map((flag) => {
    const { status, stdout } = spawnSync("id", [flag, "postgres"], { encoding: "utf8" })
    return status === 0 ? Number(stdout) : undefined
  })
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

export async function startPostgres(): Promise<Postgres> {
  const bin = programs()!
  const as = isRoot() ? owner() : undefined
  const folder = mkdtempSync(join(tmpdir(), "hub-postgres-"))
  const data = join(folder, "data")
  mkdirSync(data, { mode: 0o700 })
  for (const each of as === undefined ? [] : [folder, data]) chownSync(each, as!.uid, as!.gid)
  const environment = { ...process.env, LC_ALL: "C", TZ: "UTC" }
  const made = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "hub", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...as, cwd: folder, env: environment, encoding: "utf8" },
  )
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}: ${made.stderr}`)
  let told = ""
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    // The test is not about the loss of power, which PostgreSQL tests itself.
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, "fsync=off"]
    const words = ["-D", data, ...settings.flatMap((each) => ["-c", each])]
    const child = spawn(join(bin, "postgres"), words, {
      ...as,
      cwd: folder,
      env: environment,
      stdio: ["ignore", 2, "pipe"],
    })
    child.stderr!.on("data", (part) => (told += part))
    if (await listens(child, port)) return serverOf(child, port, folder)
    if (attempt === ATTEMPTS) throw new Error(`PostgreSQL does not start: ${told}`)
  }
}

function serverOf(child: ChildProcess, port: number, folder: string): Postgres {
  const address = (name: string): string => `postgres://hub@127.0.0.1:${port}/${name}`
  let count = 0
  return {
    async create() {
      const name = `hub${count++}`
      await asking(address("postgres"), `create database ${name}`)
      return address(name)
    },
    async end() {
      const ended = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGQUIT") // at once: nobody wants what is in it
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
async function asking(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
async function listens(child: ChildProcess, port: number): Promise<boolean> {
  let isOver = false
  child.once("exit", () => {
    isOver = true
  })
  for (const start = performance.now(); performance.now() - start < START_MS && !isOver; ) {
    const isThere = await asking(`postgres://hub@127.0.0.1:${port}/postgres`, "select 1").then(
      () => true,
      () => false,
    )
    if (isThere && !isOver) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  child.kill("SIGQUIT")
  return false
}
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
