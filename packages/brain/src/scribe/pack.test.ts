import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { describe, expect, it } from "vitest"
import { temporary } from "../testing/command.ts"
import { identityOf } from "./identity.ts"
import { openScribe } from "./open.ts"
import { packFile, unpackFile } from "./pack.ts"
import { checkOf, parseHeader, printHeader } from "./pack_header.ts"

const fresh = async (engine: "wasm" | "interpreter" = "wasm", memoryBytes = 2 ** 14): Promise<Predictor> =>
  (await openScribe("none", { engine, memoryBytes })).predictor
const CONTENT = new TextEncoder().encode("when it rains it pours, and when it pours it rains cats and dogs. ".repeat(3))

/** A folder with a content, packed. */
async function packed(predictor: Predictor, content = CONTENT) {
  const folder = temporary()
  const path = join(folder, "a.txt")
  writeFileSync(path, content)
  const done = await packFile(predictor, path, "none --memory 16KB", { out: join(folder, "a.brain-pack") })
  return { folder, ...done, back: join(folder, "back.txt") }
}

describe("packing", () => {
  it("gives less, and unpacking gives the same again", async () => {
    const { out, back, packedBytes } = await packed(await fresh())
    expect(packedBytes).toBeLessThan(CONTENT.length * 0.75)
    await unpackFile(await fresh(), out, { out: back })
    expect(new Uint8Array(readFileSync(back))).toEqual(CONTENT)
  })
  it.each([0, 1, 2, 300])("holds for %i bytes of anything", async (length) => {
    const content = Uint8Array.from({ length }, (_, i) => (i * i * 167) >> 3)
    const { out, back } = await packed(await fresh(), content)
    await unpackFile(await fresh(), out, { out: back })
    expect(new Uint8Array(readFileSync(back))).toEqual(content)
  })
  it("is the same on another engine", async () => {
    const [ours, judges] = [await packed(await fresh()), await packed(await fresh("interpreter"))]
    expect(readFileSync(judges.out)).toEqual(readFileSync(ours.out))
    await unpackFile(await fresh("interpreter"), ours.out, { out: ours.back })
    expect(new Uint8Array(readFileSync(ours.back))).toEqual(CONTENT)
  })
  it("leaves the predictor as it was, also where it fails", async () => {
    const predictor = await fresh()
    predictor.read(CONTENT.subarray(0, 50), { learns: true })
    const before = identityOf(predictor)
    const { out, back, folder } = await packed(predictor)
    expect(identityOf(predictor)).toEqual(before)
    await unpackFile(predictor, out, { out: back })
    expect(identityOf(predictor)).toEqual(before)
    await expect(packFile(predictor, join(folder, "none"), "", { out: join(folder, "b") })).rejects.toThrow("OB810")
    expect(identityOf(predictor)).toEqual(before)
  })
})

describe("a packed file", () => {
  it("is refused wherever a byte of it is another, and leaves nothing behind", async () => {
    const { out, back, folder } = await packed(await fresh(), CONTENT.subarray(0, 40))
    const whole = readFileSync(out)
    const predictor = await fresh()
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(out, whole.with(at, whole[at]! ^ 0x41))
      const said = await unpackFile(predictor, out, { out: back }).then(
        () => "taken",
        (error: Error) => /OB81[234]/.exec(error.message)?.[0] ?? error.message,
      )
      // What the last byte of a code says beyond the last bit is all the same.
      if (at < whole.length - 1 || said !== "taken")
        expect([at, said]).toEqual([at, expect.stringMatching(/^OB81[234]$/)])
      else expect(readFileSync(back)).toEqual(Buffer.from(CONTENT.subarray(0, 40)))
    }
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([])
  })
  it("is refused where it was cut, or goes on", async () => {
    const { out, back } = await packed(await fresh())
    const whole = readFileSync(out)
    const predictor = await fresh()
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(out, whole.subarray(0, length))
      await expect(unpackFile(predictor, out, { out: back })).rejects.toThrow(length < 8 ? "OB812" : "OB813")
    }
    writeFileSync(out, Buffer.concat([whole, Buffer.of(0)]))
    await expect(unpackFile(predictor, out, { out: back })).rejects.toThrow("it goes on after its end")
    expect(existsSync(back)).toBe(false)
  })
  it("is refused by another scribe, which is told whose it is", async () => {
    const { out, back } = await packed(await fresh())
    const other = await fresh()
    other.read(Uint8Array.of(65), { learns: true })
    await expect(unpackFile(other, out, { out: back })).rejects.toThrow("packed by another scribe: none --memory 16KB")
    await expect(unpackFile(await fresh("wasm", 2 ** 15), out, { out: back })).rejects.toThrow("OB814")
  })
  it("cannot claim a content that its code has no room for", () => {
    const claims = { contentBytes: 2 ** 40, codeBytes: 10, scribe: new Uint8Array(16), madeBy: "x" }
    const head = printHeader({ ...claims, check: checkOf(claims, new Uint8Array(32)) })
    expect(parseHeader(head, head.length + 10)).toEqual({ fault: "impossible" })
  })
  it("gives no more than its code tells of, whatever length it claims", async () => {
    const claims = { contentBytes: 500_000, codeBytes: 4, scribe: identityOf(await fresh()).slice(0, 16), madeBy: "x" }
    const head = printHeader({ ...claims, check: checkOf(claims, new Uint8Array(32)) })
    const path = join(temporary(), "bomb.brain-pack")
    writeFileSync(path, Buffer.concat([head, Buffer.of(1, 2, 3, 4)]))
    let most = 0
    const work = unpackFile(await fresh(), path, { out: `${path}.out`, onProgress: (bytes) => (most = bytes) })
    await expect(work).rejects.toThrow("OB813")
    expect(most).toBeLessThan(10_000)
  })
  it("keeps a name to what fits, at a character", async () => {
    const claims = { contentBytes: 0, codeBytes: 1, scribe: new Uint8Array(16), madeBy: "ä".repeat(200) }
    const head = printHeader({ ...claims, check: new Uint8Array(16) })
    expect(parseHeader(head, head.length + 1)).toMatchObject({ header: { madeBy: "ä".repeat(127) } })
  })
  it("is not written over without force, nor where there is no folder", async () => {
    const { out, folder } = await packed(await fresh())
    const before = readFileSync(out)
    const path = join(folder, "a.txt")
    await expect(packFile(await fresh(), path, "", { out })).rejects.toThrow("OB811")
    expect(readFileSync(out)).toEqual(before)
    await packFile(await fresh(), path, "other", { out, force: true })
    expect(readFileSync(out)).not.toEqual(before)
    mkdirSync(join(folder, "place"))
    await expect(packFile(await fresh(), path, "", { out: join(folder, "place") })).rejects.toThrow("OB157")
    await expect(packFile(await fresh(), path, "", { out: join(folder, "no", "b") })).rejects.toThrow("OB157")
  })
})
