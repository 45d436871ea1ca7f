import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, expect, test } from "vitest"
import { repository } from "../../../scripts/testing.ts"
import { temporary } from "./testing/command.ts"

const STORY = join(repository, "docs/manual/commons/story.md")
const MAIN = join(repository, "packages/brain/src/main.ts")

const running: ChildProcess[] = []
afterAll(async () => {
  for (const child of running.reverse()) {
    if (child.exitCode !== null) continue
    child.kill("SIGTERM")
    await once(child, "exit")
  }
})

/** A machine of one person: a folder, keys, trust and a store of their own. */
interface Machine {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}
function makeMachine(name: string, hub: string): Machine {
  const folder = join(temporary(), name)
  mkdirSync(folder)
  for (const link of ["brain", "modules", "node_modules", "packages"])
    symlinkSync(join(repository, link), join(folder, link))
  cpSync(join(repository, "examples"), join(folder, "examples"), { recursive: true })
  const [config, data, cache] = ["config", "data", "cache"].map((each) => join(folder, `.${each}`))
  return {
    folder,
    env: {
      ...process.env,
      ...{ XDG_CONFIG_HOME: config, XDG_DATA_HOME: data, XDG_CACHE_HOME: cache, BRAIN_STORE: "", BRAIN_HUB: hub },
    },
  }
}

async function command(
  line: string,
  { folder, env }: Machine,
): Promise<{ readonly status: number; readonly out: string }> {
  const child = spawn("sh", ["-euc", line], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] })
  let out = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (out += part))
  const [status] = (await once(child, "close")) as [number]
  return { status, out }
}

test("docs/manual/commons/story.md: all that is told there happens, in its order", { timeout: 600_000 }, async () => {
  let url = ""
  const machines = new Map<string, Machine>()
  const on = (name: string): Machine => {
    const found = machines.get(name) ?? makeMachine(name, url)
    machines.set(name, found)
    return found
  }
  const said: { readonly who: string; readonly line: string; readonly out: string }[] = []
  const heard = new Map<string, string>()
  let text = ""
  for (const [, kind, source] of readFileSync(STORY, "utf8").matchAll(/```(sh|brain)\n([\s\S]*?)```/g)) {
    const [head = "", ...lines] = source!.trim().split("\n")
    if (kind === "brain") {
      text = source!
      continue
    }
    const who = /^# (\w+)$/.exec(head)![1]!
    const { folder, env } = on(who)
    if (who === "ben" && text !== "") writeFileSync(join(folder, "shop.brain"), text)
    for (const line of lines) {
      const [, runs] = /^(?:\.\/brain (hub .*|work)|node .*liar\.ts)$/.exec(line) ?? []
      if (runs !== undefined || line.startsWith("node ")) {
        const words = runs === undefined ? line.split(" ").slice(1) : [MAIN, ...runs.split(" ")]
        const extra = runs?.startsWith("hub") === true ? ["--port", "0", "--json"] : []
        const child = spawn(process.execPath, [...words, ...extra], {
          cwd: folder,
          env,
          stdio: ["ignore", "pipe", "pipe"],
        })
        running.push(child)
        for (const stream of [child.stdout, child.stderr])
          stream.on("data", (part) => heard.set(who, `${heard.get(who) ?? ""}${part}`))
        if (extra.length > 0) {
          const [first] = (await once(createInterface({ input: child.stdout }), "line")) as [string]
          url = (JSON.parse(first) as { readonly url: string }).url
        }
        continue
      }
      const { status, out } = await command(line, on(who))
      expect([who, line, status], out).toEqual([who, line, 0])
      said.push({ who, line, out })
    }
  }
  const saidTo = (who: string, part: string): string =>
    said.findLast((each) => each.who === who && each.line.includes(part))!.out

  expect(saidTo("ann", "--open")).toContain("A stranger, too, moves a stable that others build on")
  expect(saidTo("cleo", "push")).toMatch(/accepted: better after \d+ items\. It is better on ben\/parcels/)
  expect(saidTo("dan", "push")).toMatch(
    /refused: harmful after \d+ items\. It is worse than the incumbent on ben\/parcels/,
  )
  expect(saidTo("dan", "push")).toContain("and that is refused")
  expect(saidTo("eva", "push")).toMatch(/accepted: not worse after \d+ items\. It is simpler/)
  const item = /A lie about item (\d+)/.exec(heard.get("fay") ?? "")?.[1]
  expect(item, `fay has lied: ${heard.get("fay")}`).toBeDefined()
  expect(heard.get("hub")).toMatch(new RegExp(`^referee: job .* ben/parcels item ${item} `, "m"))
  expect(saidTo("fay", "found out")).toContain("was found to be wrong")
  expect(saidTo("ben", "candidate").match(/accepted|refused/g)).toEqual(["accepted", "refused", "accepted"])
  const changed = saidTo("ben", "diff")
    .split("\n")
    .filter((line) => /^[<>]/.test(line))
  expect(changed).toHaveLength(2)
  expect(changed.every((line) => line.includes("ann/desk"))).toBe(true)
  expect(saidTo("ben", "ask")).toContain("parcel_status")
})

test("what README.md shows of it are commands of the story, by those who type them there", () => {
  const shown = /```console\n([\s\S]*?)```/.exec(readFileSync(join(repository, "README.md"), "utf8"))![1]!
  const typed = [...shown.matchAll(/^(\w+)\$ (.*)$/gm)].map(([, who, line]) => ({ who: who!, line: line! }))
  expect(typed.length).toBeGreaterThan(5)
  const told = [...readFileSync(STORY, "utf8").matchAll(/```sh\n# (\w+)\n([\s\S]*?)```/g)].flatMap(([, who, source]) =>
    source!.split("\n").map((line) => ({ who, line: line.replace(/ \|\| echo .*/, "") })),
  )
  for (const each of typed) expect(told).toContainEqual(each)
})
