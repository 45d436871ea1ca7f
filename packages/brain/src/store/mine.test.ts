import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { beforeEach, expect, onTestFinished, test, vi } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain, temporary } from "../testing/command.ts"
import { artifactOf } from "./artifact.ts"
import { blobPath } from "./blobs.ts"
import { checkedOut, mineFolder, openMine } from "./mine.ts"
import { codesOf, moduleOf } from "./testing/artifacts.ts"
import { filesIn } from "./testing/module.ts"
import { putArtifact } from "./unpack.ts"

beforeEach(() => {
  vi.stubEnv("BRAIN_STORE", join(temporary(), "store"))
  vi.stubEnv("XDG_CACHE_HOME", temporary())
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
})
async function pushed(path: string, name: string, tag: string): Promise<Digest> {
  const packed = await artifactOf(path)
  await putArtifact(await openMine(), name, packed, tag)
  return packed.artifact.digest
}
/** The help desk's net with a lesson more: another module of the same kind. */
async function corrected(text: string): Promise<string> {
  const folder = join(temporary(), "desk")
  cpSync(join(repository, "examples/helpdesk/desk"), folder, { recursive: true })
  expect((await brain(["correct", folder, text, "refund_status"])).code).toBe(0)
  return folder
}
const DESK = join(repository, "examples/helpdesk/desk")
const using = (source: string, name = "echo"): string => `brain ${name} {
  about "x"
  licence "CC0-1.0"
  takes message: text up to 1024 bytes
  gives reply: text up to 99 bytes
  use desk from "${source}"
  kind is desk of message
  reply is "{kind}"
}
`
function brainOf(source: string, name = "echo"): string {
  const folder = join(temporary(), name)
  mkdirSync(folder)
  writeFileSync(join(folder, "module.brain"), using(source, name))
  return folder
}
const TEXT = "quux frobnicates zyzzyva"
const ask = async (folder: string): Promise<string> => {
  const { out, err } = await brain(["ask", folder, TEXT])
  return out + err
}
const settled = (): Promise<void> => new Promise((wake) => setTimeout(wake, 50)) // what was checked is kept for the next time

test("where the store of a person lies", () => {
  expect(mineFolder()).toBe(process.env["BRAIN_STORE"])
  vi.stubEnv("BRAIN_STORE", "")
  vi.stubEnv("XDG_DATA_HOME", "/data")
  expect(mineFolder()).toBe("/data/open-brains/store")
  vi.stubEnv("XDG_DATA_HOME", "")
  expect(mineFolder()).toMatch(/\.local\/share\/open-brains\/store$/)
})

test("a module is unpacked once, and again when it was altered in any way", async () => {
  const store = await openMine()
  const module = moduleOf("one")
  await putArtifact(store, "acme/mood", module, "edge")
  const { digest } = module.artifact
  const place = await checkedOut(digest)
  const files = filesIn(place)
  expect(Object.keys(files).sort()).toEqual(["module.brain", "part.txt"])
  const alter: readonly (() => void)[] = [
    () => writeFileSync(join(place, "part.txt"), "other"),
    () => writeFileSync(join(place, "part.txt"), "The same for all\n"),
    () => rmSync(join(place, "part.txt")),
    () => writeFileSync(join(place, "more.txt"), "more"),
    () => mkdirSync(join(place, "folder")),
    () => rmSync(place, { recursive: true }),
    () => {
      rmSync(place, { recursive: true })
      writeFileSync(place, "a file")
    },
  ]
  for (const each of alter) {
    each()
    expect(await checkedOut(digest)).toBe(place)
    expect(filesIn(place)).toEqual(files)
    expect(readdirSync(place).sort()).toEqual(Object.keys(files).sort())
    expect(readdirSync(join(place, ".."))).toEqual([place.split("/").at(-1)])
  }
  expect(await Promise.all([1, 2, 3].map(() => checkedOut(digest)))).toEqual([place, place, place])
  writeFileSync(join(place, "part.txt"), "other")
  writeFileSync(blobPath(store.folder, module.artifact.files[1]!.digest), "other")
  expect(await codesOf(checkedOut(digest))).toBe("OB713")
})

test("a brain uses a module of the store; its lock keeps it when the tag moves, and `brain lock` takes the new one", async () => {
  const one = await pushed(DESK, "acme/mood", "stable")
  const folder = brainOf("acme/mood")
  const before = await ask(folder)
  expect(before).not.toContain("refund_status")
  expect((await brain(["lock", folder])).code).toBe(0)
  expect(readFileSync(join(folder, "brain.lock"), "utf8")).toContain(`"digest":"${one}"`)
  await settled()
  const two = await pushed(await corrected(TEXT), "acme/mood", "stable")
  expect(await ask(folder)).toBe(before)
  rmSync(join(folder, "brain.lock"))
  expect(await ask(folder)).toContain("refund_status")
  expect((await brain(["lock", folder])).out).toContain("1 use locked")
  expect(readFileSync(join(folder, "brain.lock"), "utf8")).toContain(`"digest":"${two}"`)
  await settled()
  await pushed(DESK, "acme/mood", "stable")
  expect(await ask(folder)).toContain("refund_status")
  expect((await brain(["lock", folder])).out).toContain("1 of them anew")
  expect(await ask(folder)).toBe(before)
})

test("what is kept of a checked brain notices that a tag moved, that a module came, and that one was altered", async () => {
  const folder = brainOf("acme/mood")
  expect(await ask(folder)).toMatch(/error\[OB616\]: There is no module `acme\/mood` in your store/)
  expect(await ask(folder)).toContain("hint: Take it from where it is: brain add acme/mood")
  await pushed(DESK, "acme/mood", "edge")
  const before = await ask(folder)
  expect(before).not.toContain("error")
  await settled()
  expect(await ask(folder)).toBe(before)
  const two = await pushed(await corrected(TEXT), "acme/mood", "edge")
  expect(await ask(folder)).toContain("refund_status")
  await settled()
  writeFileSync(join(await checkedOut(two), "weights.safetensors"), "damaged")
  expect(await ask(folder)).toContain("refund_status")
  await pushed(DESK, "acme/mood", "stable") // goes before `edge`
  expect(await ask(folder)).toBe(before)
})

test("a name with a tag or a digest is that one, and what the store lacks is told", async () => {
  const one = await pushed(DESK, "acme/mood", "stable")
  const two = await pushed(await corrected(TEXT), "acme/mood", "beta")
  const stable = await ask(brainOf("acme/mood:stable"))
  expect(await ask(brainOf("acme/mood:beta"))).toContain("refund_status")
  expect(await ask(brainOf(`acme/mood@${two}`))).toContain("refund_status")
  expect(await ask(brainOf(`acme/mood@${one}`))).toBe(stable)
  expect(await ask(brainOf("acme/mood:none"))).toContain("OB616")
  const folder = brainOf("acme/mood:beta")
  await brain(["lock", folder])
  await (await openMine()).remove("acme/mood", two)
  const missing = await ask(folder)
  expect(missing).toMatch(/error\[OB616\]: Your store does not have `acme\/mood:beta` as it is pinned: sha256:/)
  expect(missing).toContain(`brain add acme/mood:beta@${two}`)
})

test("a brain of the store brings its own lock: what it uses stays as it was pushed", async () => {
  await pushed(DESK, "acme/mood", "stable")
  const inner = brainOf("acme/mood", "inner")
  expect(await codesOf(artifactOf(inner))).toBe("OB717")
  await brain(["lock", inner])
  const artifact = await pushed(inner, "acme/inner", "stable")
  const outer = join(temporary(), "outer")
  mkdirSync(outer)
  writeFileSync(
    join(outer, "module.brain"),
    using("acme/inner", "outer").replace("kind is desk of message", "kind is desk of message"),
  )
  const before = await ask(outer)
  expect(before).not.toContain("error")
  await brain(["lock", outer])
  const lock = JSON.parse(readFileSync(join(outer, "brain.lock"), "utf8"))
  expect(lock.uses).toEqual([{ file: "module.brain", source: "acme/inner", digest: artifact }])
  await settled()
  await pushed(await corrected(TEXT), "acme/mood", "stable")
  expect(await ask(outer)).toBe(before)
  const packed = await artifactOf(outer)
  expect(packed.cardData.uses).toEqual([{ name: "acme/inner", artifact }])
  expect([...packed.files.keys()].sort()).toEqual(["brain.lock", "module.brain"])
  expect((await artifactOf(await checkedOut(artifact))).artifact.digest).toBe(artifact)
})

test("a module of the store reads nothing outside of itself", async () => {
  const secret = temporary()
  cpSync(DESK, join(secret, "desk"), { recursive: true })
  const text = using(join(secret, "desk"), "spy")
  const module = moduleOf("spy")
  const bytes = new TextEncoder().encode(text)
  const { printArtifact } = await import("@open-brains/core/commons/artifact.ts")
  const { sha256 } = await import("./whole.ts")
  const files = new Map([["module.brain", bytes]])
  const packed = printArtifact([{ path: "module.brain", digest: sha256(bytes), size: bytes.length }], module.cardData)
  await putArtifact(await openMine(), "acme/spy", { ...packed, files }, "edge")
  expect(await ask(brainOf("acme/spy"))).toContain("which is not in it")
  expect(existsSync(join(secret, "desk"))).toBe(true)
})
