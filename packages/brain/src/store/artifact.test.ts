import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cardOfArtifact, parseArtifact } from "@open-brains/core/commons/artifact.ts"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain, temporary } from "../testing/command.ts"
import { artifactOf } from "./artifact.ts"
import { leaves } from "./brain_files.ts"
import { openLayout } from "./layout.ts"
import { codesOf } from "./testing/artifacts.ts"
import { filesIn } from "./testing/module.ts"
import { putArtifact, unpack } from "./unpack.ts"

const DATASETS = readdirSync(join(repository, "modules/datasets")).map((name) => `modules/datasets/${name}`)

test.each(["modules/intent", ...DATASETS, "examples/helpdesk", "examples/moderation"])(
  "%s becomes an artifact and a folder again, without loss",
  async (path) => {
    const packed = await artifactOf(join(repository, path))
    expect(parseArtifact(packed.manifest)).toEqual(packed.artifact)
    expect(cardOfArtifact(packed.artifact, packed.card)).toEqual(packed.cardData)
    const layout = await openLayout(temporary(), { create: true })
    await putArtifact(layout, "acme/it", packed, "edge")
    const into = join(temporary(), "anything")
    const { digest } = (await layout.resolve("acme/it", "edge"))!
    await unpack(layout, "acme/it", digest, into)
    expect(Object.keys(filesIn(into)).sort()).toEqual([...packed.files.keys()].sort())
    const again = await artifactOf(into)
    expect(again.artifact.digest).toBe(packed.artifact.digest)
    expect(await codesOf(unpack(layout, "acme/it", digest, into))).toBe("OB155")
  },
)

test("the card of a net says what it is and what an answer costs", async () => {
  const { cardData, artifact } = await artifactOf(join(repository, "modules/intent"))
  expect(cardData).toMatchObject({
    kind: "net",
    name: "intent",
    licence: "CC-BY-3.0",
    takes: [{ name: "text", type: "text up to 1024 bytes" }],
    uses: [],
    benchmarks: [],
  })
  expect(cardData.gives[0]!.type).toContain("… (150)")
  expect(cardData.bytes).toBe(artifact.files.reduce((sum, { size }) => sum + size, 0))
  // The table: 4100 slots of 64, and of 1 for its scale; the layer 64 · 150; the rest is by element.
  expect(cardData.operations).toBe(4100 * 65 + 64 * 150 + 1180)
})

/** The example of a sensor, its brain first: as it stands it begins with a net, which a folder that holds a brain may not. */
function sensor(): string {
  const folder = join(temporary(), "sensor")
  cpSync(join(repository, "examples/sensor"), folder, { recursive: true })
  const file = join(folder, "bursts.brain")
  const source = readFileSync(file, "utf8")
  const at = source.indexOf("brain bursts")
  writeFileSync(file, `${source.slice(at)}\n${source.slice(0, at)}`)
  return folder
}

test("of a brain come the texts, the code and the nets that it leads to, and nothing else in its folder", async () => {
  const { files, cardData } = await artifactOf(join(repository, "examples/helpdesk"))
  expect([...files.keys()].sort()).toEqual([
    "desk/README.md",
    "desk/examples.jsonl",
    "desk/graph.json",
    "desk/module.brain",
    "desk/recipe.json",
    "desk/weights.safetensors",
    "module.brain",
    "order.js",
  ])
  expect(cardData).toMatchObject({ kind: "brain", name: "helpdesk" })
  const bursts = await artifactOf(join(sensor(), "bursts.brain"))
  expect([...bursts.files.keys()].sort()).toEqual(["module.brain", "net/graph.json", "net/weights.safetensors"])
  expect(bursts.cardData.takes).toEqual([{ name: "sample", type: "stream of vector of 8 numbers at 1000 hz" }])
})

test("a lock comes along, and that of a single file changes its name", async () => {
  const folder = sensor()
  await brain(["lock", join(folder, "bursts.brain")])
  const packed = await artifactOf(join(folder, "bursts.brain"))
  expect(new TextDecoder().decode(packed.files.get("brain.lock"))).toContain('"file":"module.brain"')
  const into = join(temporary(), "bursts")
  mkdirSync(into)
  for (const [path, bytes] of packed.files) {
    mkdirSync(join(into, path, ".."), { recursive: true })
    writeFileSync(join(into, path), bytes)
  }
  expect((await artifactOf(into)).artifact.digest).toBe(packed.artifact.digest)
  writeFileSync(join(into, "net/weights.safetensors"), "other")
  expect(await codesOf(artifactOf(into))).not.toBe("none")
})

test("code alone is a module", async () => {
  const folder = temporary()
  const text = `code loud {
  about "Whether somebody shouts"
  licence "CC0-1.0"
  takes message: text up to 99 bytes
  gives loud: label { yes no }
  runs "loud.js" as javascript
  limits { latency 50 ms memory 4 MB }
}
`
  writeFileSync(join(folder, "module.brain"), text)
  expect(await codesOf(artifactOf(folder))).toBe("OB632")
  writeFileSync(join(folder, "loud.js"), "function answer(message) { return 'no' }")
  const { files, cardData } = await artifactOf(folder)
  expect([...files.keys()]).toEqual(["module.brain", "loud.js"])
  expect(cardData).toMatchObject({ kind: "code", name: "loud", gives: [{ name: "loud", type: "label { yes no }" }] })
})

/** A brain in a folder of its own, beside a copy of the help desk's net. */
function around(text: string, name = "module.brain"): string {
  const folder = join(temporary(), "brain")
  cpSync(join(repository, "examples/helpdesk/desk"), join(folder, "../desk"), { recursive: true })
  cpSync(join(repository, "examples/helpdesk/desk"), join(folder, "desk"), { recursive: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), text)
  return folder
}
const using = (source: string): string => `brain echo {
  about "x" licence "CC0-1.0"
  takes message: text up to 1024 bytes
  gives reply: text up to 99 bytes
  use desk from "${source}"
  kind is desk of message
  reply is route kind { when unsure: "no" otherwise: "yes" }
}
`
test("a path that leaves the folder is refused, also one that comes back or begins at the root", async () => {
  expect(await codesOf(artifactOf(around(using("./desk"))))).toBe("none")
  expect(await codesOf(artifactOf(around(using("../desk"))))).toBe("OB714")
  expect(await codesOf(artifactOf(around(using("../brain/desk"))))).toBe("OB714")
  const folder = around(using("./desk"))
  writeFileSync(join(folder, "module.brain"), using(join(folder, "desk")))
  expect(await codesOf(artifactOf(folder))).toBe("OB714")
  expect(leaves("a", "../b")).toBe(false)
  expect(leaves("a", "../../a/b")).toBe(true)
  expect(leaves("", "a/../../x")).toBe(true)
})

test("what no store takes is told: hidden files, a main text that is used by its name, what is no module", async () => {
  const hidden = around(using("./.desk"))
  cpSync(join(hidden, "desk"), join(hidden, ".desk"), { recursive: true })
  expect(await codesOf(artifactOf(hidden))).toBe("OB715")
  const named = around(using("./desk"), "echo.brain")
  writeFileSync(join(named, "module.brain"), using("./desk").replace("echo", "more"))
  writeFileSync(join(named, "other.brain"), `include "module.brain"\n${using("./desk").replace("echo", "other")}`)
  expect(await codesOf(artifactOf(join(named, "other.brain")))).toBe("OB715")
  expect(await codesOf(artifactOf(join(named, "echo.brain")))).toBe("none")
  expect(await codesOf(artifactOf(join(repository, "examples/sensor/bursts.brain")))).toBe("OB715")
  expect(await codesOf(artifactOf(join(repository, "examples/sensor")))).toBe("OB151")
  expect(await codesOf(artifactOf(join(temporary(), "none")))).toBe("OB150")
})

test("a net that was altered is not packed", async () => {
  const folder = join(temporary(), "intent")
  cpSync(join(repository, "modules/intent"), folder, { recursive: true })
  writeFileSync(join(folder, "README.md"), "other")
  expect(await codesOf(artifactOf(folder))).toBe("OB153")
  rmSync(join(folder, "README.md"))
  expect(await codesOf(artifactOf(folder))).toBe("OB152")
  expect(readFileSync(join(folder, "module.brain"), "utf8")).toContain("net intent")
})
