import { spawnSync } from "node:child_process"
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { basename, join } from "node:path"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { expect, onTestFinished, test } from "vitest"
import { diskFiles, type Files } from "./files.ts"
import { readModule, writeModule } from "./folder.ts"
import { filesIn, manifestOf, newFolder, partsOf } from "./testing/module.ts"

const folder = (): string => {
  const path = newFolder()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
const write = (path: string, edition: string, files?: Files): ReturnType<typeof writeModule> =>
  writeModule(path, manifestOf(edition), partsOf(edition), files)
const codesOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return "none"
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code).join()
    throw error
  }
}
const editionOf = async (path: string): Promise<string> =>
  (await readModule(path)).manifest.about.slice("Edition ".length)

test("what is written is read, and nothing lies beside it", async () => {
  const parent = folder()
  const path = join(parent, "helpdesk")
  const written = await write(path, "a")
  const { kept, parts, ...module } = written
  const read = await readModule(path)
  expect(read).toMatchObject(module)
  expect(Object.entries(read.parts).map(([name, bytes]) => [name, [...bytes]])).toEqual(
    Object.entries(parts)
      .sort()
      .map(([name, bytes]) => [name, [...bytes]]),
  )
  expect(filesIn(path)).toEqual({
    ...Object.fromEntries(Object.entries(partsOf("a")).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)])),
    "module.brain": readFileSync(join(path, "module.brain"), "utf8"),
  })
  expect(kept).toEqual([])
  expect(readdirSync(parent)).toEqual(["helpdesk"])
})

/** A file system that stops at the n-th step that changes something, as a process does that is killed there. */
function stopsAt(step: number): { readonly files: Files; readonly stopped: () => boolean } {
  let count = 0
  const guard =
    <Arguments extends readonly unknown[], T>(
      work: (...all: Arguments) => Promise<T>,
      half?: (...all: Arguments) => Promise<T>,
    ) =>
    async (...all: Arguments): Promise<T> => {
      if (count++ < step) return work(...all)
      if (count - 1 === step) await half?.(...all)
      throw new Error(`stopped at step ${step}`)
    }
  const { write: full, remove } = diskFiles
  const files: Files = {
    ...diskFiles,
    write: guard(full, (path, bytes) => full(path, bytes.slice(0, bytes.length / 2))),
    // Half a removal takes the manifest first: the worst case for whoever looks at the rest.
    remove: guard(remove, (path) => remove(join(path, "module.brain")).catch(() => undefined)),
    makeFolder: guard(diskFiles.makeFolder),
    rename: guard(diskFiles.rename),
    link: guard(diskFiles.link),
    settle: guard(diskFiles.settle),
  }
  return { files, stopped: () => count > step }
}

/** Of the person: notes, a folder, a file that will be a part of the next edition, and a part that was edited. */
const OWN = { "notes.txt": "mine", "tests/a/one.txt": "test", "only-b.json": "not yours", "README.md": "card, edited" }
function addOwn(path: string): void {
  mkdirSync(join(path, "tests/a"), { recursive: true })
  for (const [name, text] of Object.entries(OWN)) writeFileSync(join(path, name), text)
}
const expectNothingLost = (path: string): void => {
  const found = Object.entries(filesIn(path)).map(([name, text]) => `${name.replace(/\.kept-\w+$/, "")}: ${text}`)
  expect(found).toEqual(expect.arrayContaining(Object.entries(OWN).map(([name, text]) => `${name}: ${text}`)))
}

test("a write stopped at any step leaves the old or the new module whole, and the person's files", async () => {
  let step = 0
  const editions: string[] = []
  for (; ; step++) {
    const parent = folder()
    const path = join(parent, "helpdesk")
    await write(path, "a")
    addOwn(path)
    writeFileSync(join(path, "README.md"), "card a") // whole until the write begins
    const { files, stopped } = stopsAt(step)
    await write(path, "b", files).catch(() => undefined)
    if (!stopped()) break
    const edition = await editionOf(path)
    editions.push(edition)
    expect(["a", "b"], `step ${step}`).toContain(edition)
    const { "README.md": _, ...own } = OWN
    const texts = Object.values(filesIn(path))
    for (const text of Object.values(own)) expect(texts, `step ${step}`).toContain(text)
    expect(
      readdirSync(parent).filter((name) => /new|old|gone/.test(name)),
      `step ${step}`,
    ).toEqual([])
    await write(path, "c")
    expect(await editionOf(path)).toBe("c")
    for (const text of Object.values(own)) expect(Object.values(filesIn(path)), `step ${step}`).toContain(text)
    expect(readdirSync(parent), `step ${step}`).toEqual(["helpdesk"])
  }
  expect(step).toBeGreaterThan(20)
  expect([...new Set(editions)]).toEqual(["a", "b"])
})

test("the recovery from a stopped write may be stopped as well", async () => {
  for (let first = 8; ; first++) {
    const parent = folder()
    const path = join(parent, "helpdesk")
    await write(path, "a")
    addOwn(path)
    const { files, stopped } = stopsAt(first)
    await write(path, "b", files).catch(() => undefined)
    if (!stopped()) break
    for (let second = 0; ; second++) {
      const healing = stopsAt(second)
      await readModule(path, healing.files).catch(() => undefined)
      if (!healing.stopped()) break
    }
    await write(path, "c")
    expect(await editionOf(path)).toBe("c")
    expectNothingLost(path)
    expect(readdirSync(parent), `step ${first}`).toEqual(["helpdesk"])
  }
})

test("the first write stopped at any step leaves nothing or the module", async () => {
  for (let step = 0; ; step++) {
    const parent = folder()
    const path = join(parent, "helpdesk")
    const { files, stopped } = stopsAt(step)
    await write(path, "a", files).catch(() => undefined)
    if (!stopped()) break
    expect(["OB150", "none"], `step ${step}`).toContain(await codesOf(readModule(path)))
    await write(path, "b")
    expect(await editionOf(path)).toBe("b")
    expect(readdirSync(parent), `step ${step}`).toEqual(["helpdesk"])
  }
})

test("a person's own files stay, and what has the name of a part is kept beside it", async () => {
  const path = join(folder(), "helpdesk")
  await write(path, "a")
  addOwn(path)
  symlinkSync("nowhere", join(path, "link"))
  const { kept } = await write(path, "b")
  expectNothingLost(path)
  expect(kept.map((name) => name.replace(/\.kept-\w+$/, "")).sort()).toEqual(["README.md", "only-b.json"])
  expect(readdirSync(path)).toContain("link")
  expect(existsSync(join(path, "only-a.json"))).toBe(false) // was a part, unaltered
  expect(await editionOf(path)).toBe("b")
})

test("a manifest with a person's comments is kept", async () => {
  const path = join(folder(), "helpdesk")
  const { digest } = await write(path, "a")
  const text = readFileSync(join(path, "module.brain"), "utf8")
  writeFileSync(join(path, "module.brain"), `# mine\n${text}`)
  expect((await readModule(path)).digest).toBe(digest)
  expect((await write(path, "b")).kept).toEqual([expect.stringMatching(/^module\.brain\.kept-/)])
})

test("each part that is altered, cut or missing is named with both digests", async () => {
  const path = join(folder(), "helpdesk")
  await write(path, "a")
  truncateSync(join(path, "graph.json"), 3)
  writeFileSync(join(path, "README.md"), "card b")
  rmSync(join(path, "only-a.json"))
  const reading = readModule(path)
  await expect(reading).rejects.toThrow(
    /README\.md was altered: sha256:\w{64} was expected, and sha256:\w{64} \(6 bytes\) found/,
  )
  await expect(reading).rejects.toThrow(
    /hint: Restore it from a copy, or teach it again: brain teach FILE --into FOLDER\./,
  )
  expect(await codesOf(reading)).toBe("OB153,OB153,OB152")
  mkdirSync(join(path, "only-a.json"))
  expect(await codesOf(readModule(path))).toBe("OB153,OB153,OB153")
})

test("a part that is too large is not read", async () => {
  const path = join(folder(), "helpdesk")
  await write(path, "a")
  const kind: Files["kind"] = async (each) => {
    const found = await diskFiles.kind(each)
    return found && each.endsWith("graph.json") ? { ...found, bytes: 2 ** 30 + 1 } : found
  }
  expect(await codesOf(readModule(path, { ...diskFiles, kind }))).toBe("OB154")
})

test("a folder or a file that is no module is not touched", async () => {
  const parent = folder()
  const path = join(parent, "letters")
  mkdirSync(path)
  writeFileSync(join(path, "aunt.txt"), "Dear")
  expect(await codesOf(write(path, "a"))).toBe("OB155")
  expect(await codesOf(write(join(path, "aunt.txt"), "a"))).toBe("OB155")
  expect(filesIn(parent)).toEqual({ "letters/aunt.txt": "Dear" })
  mkdirSync(join(parent, "empty"))
  await write(join(parent, "empty"), "a")
  expect(await editionOf(join(parent, "empty"))).toBe("a")
})

test("a missing module is answered with the names of its neighbours", async () => {
  const parent = folder()
  await write(join(parent, "helpdesk"), "a")
  mkdirSync(join(parent, "helpdesc2"))
  await expect(readModule(join(parent, "helpdesc"))).rejects.toThrow("Did you mean `helpdesk`? Known: helpdesk.")
  await expect(readModule(join(parent, "none/helpdesk"))).rejects.toThrow("OB150")
  await expect(readModule(join(parent, "helpdesk/module.brain"))).rejects.toThrow(
    `Name the folder of a module: ${join(parent, "helpdesk")}.`,
  )
})

test("of two that write at once, one wins and the other is told", async () => {
  const path = join(folder(), "helpdesk")
  const codes = await Promise.all(["a", "b", "c"].map((edition) => codesOf(write(path, edition))))
  expect(codes.filter((code) => code === "none").length).toBeGreaterThan(0)
  expect(codes.filter((code) => code !== "none" && code !== "OB156")).toEqual([])
  expect(codes).toContain("OB156")
  expect(["a", "b", "c"][codes.indexOf("none")]).toBeDefined()
  await editionOf(path)
})

test("a lock of a process that has ended is taken over, one of a living process is not", async () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""])
  const stales = [`{"pid":${pid}}`, `{"pid":${process.pid},"token":"earlier"}`, "", "{", "null"]
  // At once: an owner that cannot be read is waited for, a quarter of a second.
  await Promise.all(
    stales.map(async (stale) => {
      const parent = folder()
      const lock = join(parent, ".helpdesk.lock")
      writeFileSync(lock, stale)
      writeFileSync(`${lock}-${pid}-0-0`, stale)
      await write(join(parent, "helpdesk"), "a")
      expect([stale, ...readdirSync(parent)]).toEqual([stale, "helpdesk"])
    }),
  )
  const parent = folder()
  const path = join(parent, "helpdesk")
  const lock = join(parent, ".helpdesk.lock")
  await write(path, "a")
  writeFileSync(lock, `{"pid":${process.ppid}}`)
  await expect(write(path, "b")).rejects.toThrow(`Process ${process.ppid} is writing this module`)
  expect(readFileSync(lock, "utf8")).toBe(`{"pid":${process.ppid}}`)
  expect(await editionOf(path)).toBe("a")
  if (process.platform === "linux") {
    writeFileSync(lock, `{"pid":${process.ppid},"started":"1"}`) // a number that was used before
    await write(path, "c")
  }
})

test("a reader beside a writer sees one edition or the next, whole", async () => {
  const path = join(folder(), "helpdesk")
  await write(path, "e0")
  let writing = true
  const writer = (async () => {
    for (let i = 1; i <= 20; i++) await write(path, `e${i}`)
    writing = false
  })()
  let reads = 0
  while (writing) {
    const { manifest, parts } = await readModule(path)
    const edition = manifest.about.slice("Edition ".length)
    expect(new TextDecoder().decode(parts["graph.json"])).toBe(`graph ${edition}`)
    reads++
  }
  await writer
  expect(reads).toBeGreaterThan(5)
  expect(await editionOf(path)).toBe("e20")
})

test("a place where nothing may be written is named, and still read", async () => {
  const path = join(folder(), "helpdesk")
  await write(path, "a")
  const no = async (): Promise<never> => {
    throw Object.assign(new Error("no"), { code: "EACCES", path })
  }
  const readOnly: Files = { ...diskFiles, write: no, link: no, rename: no, makeFolder: no, remove: no }
  expect(await codesOf(write(path, "b", readOnly))).toBe("OB157")
  cpSync(path, join(path, "..", ".helpdesk.old-0123456789abcdef"), { recursive: true })
  expect((await readModule(path, readOnly)).manifest.about).toBe("Edition a")
})

test("a folder that the system lets nobody write to", async (context) => {
  if (process.getuid?.() === 0) return context.skip("root may write everywhere")
  if (process.platform === "win32") return context.skip("Windows has other permissions")
  const parent = folder()
  chmodSync(parent, 0o555)
  expect(await codesOf(write(join(parent, "helpdesk"), "a"))).toBe("OB157")
  chmodSync(parent, 0o755)
})

test("a file system without second names locks as well", async () => {
  const path = join(folder(), "helpdesk")
  const link = async (): Promise<never> => {
    throw Object.assign(new Error("no links"), { code: "EPERM" })
  }
  let go = (): void => undefined
  let arrive = (): void => undefined
  const released = new Promise<void>((resolve) => {
    go = resolve
  })
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const rename: Files["rename"] = async (from, to) => {
    arrive() // the first writer stands before its swap until the second has been told
    await released
    return diskFiles.rename(from, to)
  }
  const first = codesOf(write(path, "a", { ...diskFiles, link, rename }))
  await arrived
  expect(await codesOf(write(path, "b", { ...diskFiles, link }))).toBe("OB156")
  go()
  expect(await first).toBe("none")
  expect(await editionOf(path)).toBe("a")
})

test("a link to a module stays a link", async () => {
  const parent = folder()
  await write(join(parent, "real"), "a")
  symlinkSync("real", join(parent, "link"))
  await write(join(parent, "link"), "b")
  expect(await editionOf(join(parent, "real"))).toBe("b")
  expect(readdirSync(parent).sort()).toEqual(["link", "real"])
  renameSync(join(parent, "real"), join(parent, ".real.old-0123456789abcdef")) // as a write that was killed leaves it
  expect(await editionOf(join(parent, "link"))).toBe("b")
})

const errors = join(import.meta.dirname, "../../../../docs/errors")
const pages = readdirSync(errors).filter((page) => /^OB15\d\.md$/.test(page))
test.each(pages)("docs/errors/%s: the broken example gives this code alone, the mended one works", async (page) => {
  const parent = folder()
  await write(join(parent, "helpdesk"), "a")
  cpSync(join(parent, "helpdesk"), join(parent, "copy"), { recursive: true })
  const blocks = [
    ...readFileSync(join(errors, page), "utf8").matchAll(/```sh\n# then (read|write) (\S+)\n([\s\S]*?)```/g),
  ]
  const codes: string[] = []
  for (const [, verb, path, script] of blocks) {
    expect(spawnSync("sh", ["-euc", script!], { cwd: parent }).status).toBe(0)
    codes.push(await codesOf(verb === "read" ? readModule(join(parent, path!)) : write(join(parent, path!), "b")))
  }
  expect(codes).toEqual([basename(page, ".md"), "none"])
})
test("each code has a page", () => {
  const sources = ["folder.ts", "whole.ts", "files.ts", "lock.ts", "heal.ts"].map((file) =>
    readFileSync(join(import.meta.dirname, file), "utf8"),
  )
  const codes = new Set(
    sources
      .join()
      .match(/"OB\d+"/g)
      ?.map((code) => `${code.slice(1, -1)}.md`),
  )
  expect([...codes].sort()).toEqual(pages)
})
