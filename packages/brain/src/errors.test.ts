import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { soundEngine } from "@open-brains/core/engine/sound.ts"
import { graphFromJson } from "@open-brains/core/graph/text.ts"
import { openModule } from "@open-brains/core/run/module.ts"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { repository } from "../../../scripts/testing.ts"
import { load } from "./load.ts"
import { textOf } from "./scribe/write/text.ts"
import { TINY_BYTES, TINY_GRAPH } from "./streams/testing/tiny.ts"
import { teachModule } from "./teach.ts"
import { seal } from "./testing/altered.ts"
import { brain, temporary } from "./testing/command.ts"
import { CSV, MESSAGES, teachDesk } from "./testing/lesson.ts"

// The command as it is when it was installed alone.
vi.mock("./services.ts", () => ({ firstParty: () => undefined, defaultBase: () => undefined }))

const ERRORS = join(repository, "docs/errors")
const PAGES = readdirSync(ERRORS)
/** The pages of the manifest, of weights, of nets, of mixers of labels, of the store, of brains, of code, of remote parts, of the commons, of boards and of the hub are tested beside those. */
const OURS = PAGES.filter(
  (page) =>
    !/^OB(?:1|33|6[0-267]|70[0-5]|71|72[125]|7[3-6]|77[0-24-6]|84[89]|850)/.test(page) &&
    !["OB240.md", "OB516.md", "OB819.md", "OB820.md", "OB830.md"].includes(page),
)
const HERE = process.cwd()

/** Nobody listens at its address. */
const SHOP = `dataset shop {
  about "Messages to a shop"
  licence "CC0-1.0"
  attribution "A. Person 2024"
  file "messages.csv" {
    bytes ${CSV.length}
    digest ${digest(CSV)}
    url "http://127.0.0.1:1/messages.csv"
  }
  read "messages.csv" as csv
}
`
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-errors-"))
  await teachDesk(folder)
  cpSync(join(folder, "desk"), join(folder, "copy"), { recursive: true })
  const recipe = { epochs: 8, buckets: 256, dims: 8 }
  const examples = MESSAGES.filter(({ split }, i) => split !== "train" || i === 0 || i === 4)
  const base = (await load(join(folder, "desk"))).files
  const lesson = await teachModule({ examples, into: join(folder, "onward"), name: "onward", base, recipe })
  expect(lesson.taught.kept.name).toBe("base")
  await teachDesk(folder, "other")
  writeFileSync(join(folder, "messages.csv"), CSV)
  mkdirSync(join(folder, "shop"))
  writeFileSync(join(folder, "shop", "module.brain"), SHOP)
  mkdirSync(join(folder, "sensor"))
  writeFileSync(join(folder, "sensor", "graph.json"), canonicalJson(TINY_GRAPH))
  writeFileSync(join(folder, "sensor", "weights.safetensors"), TINY_BYTES)
})
afterAll(() => {
  process.chdir(HERE)
  rmSync(folder, { recursive: true, force: true })
})

/** The codes that the last command of a script gave. */
async function codesOfScript(script: string): Promise<readonly string[]> {
  let codes: readonly string[] = []
  for (const line of script.trim().split("\n")) {
    const [, mirror, words] = /^(?:BRAIN_MIRROR=(\S+) )?brain (.*)$/.exec(line) ?? []
    if (line.startsWith("./")) codes = []
    else if (words !== undefined) {
      vi.stubEnv("BRAIN_MIRROR", mirror ?? "")
      const { code, err } = await brain((words.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', "")))
      codes = [...err.matchAll(/^error\[(\w+)\]/gm)].map(([, found]) => found!)
      expect(code, err).toBe(codes.length === 0 ? 0 : codes[0] === "OB500" ? 2 : 1)
    } else if (line.startsWith("seal ")) seal(line.slice(5))
    else expect(spawnSync("sh", ["-euc", line]).status, line).toBe(0)
  }
  return codes
}
function codesOfGraph(source: string): readonly string[] {
  try {
    graphFromJson(JSON.parse(source))
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}

test.each(OURS)("docs/errors/%s: the broken example gives this code alone, the mended one none", async (page) => {
  const text = readFileSync(join(ERRORS, page), "utf8")
  const blocks = [...text.matchAll(/```(sh|json)\n([\s\S]*?)```/g)]
  const place = temporary()
  for (const home of ["XDG_CONFIG_HOME", "XDG_DATA_HOME"]) vi.stubEnv(home, join(place, home)) // no key, no store
  if (blocks.some(([, kind]) => kind === "sh")) cpSync(folder, place, { recursive: true })
  process.chdir(place)
  const codes: (readonly string[])[] = []
  for (const [, kind, source] of blocks)
    codes.push(kind === "sh" ? await codesOfScript(source!) : codesOfGraph(source!))
  process.chdir(HERE)
  expect(codes).toEqual([[page.slice(0, -3)], []])
  expect(text.startsWith(`# ${page.slice(0, -3)}: `)).toBe(true)
})

/** What no command line reaches: broken and mended, as the page describes it. */
const DESCRIBED: Readonly<Record<string, () => Promise<readonly [broken: () => unknown, mended: () => unknown]>>> = {
  async OB240() {
    const broken: Engine = {
      name: "broken",
      instantiate() {
        throw new Error("no memory left")
      },
    }
    return [() => soundEngine([broken]), () => soundEngine([broken, interpreterEngine])]
  },
  async OB516() {
    const source = readFileSync(join(folder, "desk", "module.brain"), "utf8")
    const { parts } = (await load(join(folder, "desk"))).files
    const altered = { ...parts, "graph.json": parts["graph.json"]!.with(5, 0) }
    return [() => openModule(source, altered), () => openModule(source, parts)]
  },
  async OB819() {
    return [() => textOf(Uint8Array.of(0xff), "a.txt"), () => textOf(new TextEncoder().encode("word"), "a.txt")]
  },
}
test.each(Object.entries(DESCRIBED))("docs/errors/%s.md: as it is described", async (code, make) => {
  const [broken, mended] = await make()
  expect(broken).toThrow(`error[${code}]`)
  expect(mended).not.toThrow()
})

test("each code has a page, and each page a code", () => {
  const sources = ["packages/core/src", "packages/brain/src", "packages/hub/src"].flatMap((root) =>
    readdirSync(join(repository, root), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !/\btesting\b/.test(name))
      .map((name) => readFileSync(join(repository, root, name), "utf8")),
  )
  const codes = new Set(sources.flatMap((source) => source.match(/(?<=["`])OB\d{3}(?=["`])/g) ?? []))
  expect([...codes].map((code) => `${code}.md`).sort()).toEqual(PAGES)
})
