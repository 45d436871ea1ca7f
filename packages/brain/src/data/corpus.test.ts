import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Json } from "@open-brains/core/base/json.ts"
import { expect, onTestFinished, test } from "vitest"
import own from "../../../../modules/scribe/recipe.json" with { type: "json" }
import { sha256 } from "../store/whole.ts"
import { corpusFrom, interleaved, readCorpus } from "./corpus.ts"

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const mixed = (parts: readonly string[], pieceBytes = 4): string =>
  Buffer.from(interleaved(parts.map(bytesOf), { ending: "|", pieceBytes })).toString()

test("parts take turns by whole lines, as much of each as there is of it", () => {
  expect(mixed(["aaaa\nbb\ncc\ndddd\n", "XXXX\nYYYY\n"])).toBe("aaaa\nXXXX\nbb\ncc\nYYYY\ndddd\n")
  const [long, short] = ["a\n".repeat(3000), "X\n".repeat(1000)]
  const text = mixed([long, short])
  expect(text.length).toBe(8000)
  for (let at = 0; at < 7000; at += 500) {
    const of = text.slice(at, at + 1000)
    expect(Math.abs(of.split("X").length - 1 - 125)).toBeLessThan(5)
  }
})
test("endings of documents become empty lines, a broken last line is left out, bytes stay", () => {
  expect(mixed(["one\n|\ntwo\nhal"], 100)).toBe("one\n\n\ntwo\n")
  expect(mixed(["naïve “x”\n"])).toBe("naïve “x”\n")
  expect(mixed(["no line"])).toBe("")
})

test("files are checked before they are read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "corpus-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, "a.txt"), "one\ntwo\nthree\n")
  const file = { file: "a.txt", bytes: 14, digest: sha256(bytesOf("one\ntwo\nthree\n")), from: 4, to: 14 }
  const corpus = (more = {}): Json => ({
    ...{ ending: "|", pieceBytes: 8 },
    files: [{ ...file, licence: "none", source: "here", ...more }],
  })
  expect(Buffer.from(await readCorpus(corpusFrom(corpus()), folder)).toString()).toBe("two\nthree\n")
  await expect(readCorpus(corpusFrom(corpus({ file: "b.txt" })), folder)).rejects.toThrow("OB530")
  await expect(readCorpus(corpusFrom(corpus()), undefined)).rejects.toThrow("OB530")
  const other = sha256(bytesOf("other"))
  await expect(readCorpus(corpusFrom(corpus({ digest: other })), folder)).rejects.toThrow("OB531")
  for (const more of [
    { file: "../a.txt" },
    { file: "/a.txt" },
    { file: "" },
    { to: 15 },
    { from: 14 },
    { digest: "1" },
  ])
    expect(() => corpusFrom(corpus(more))).toThrow("OB404")
  for (const json of [null, {}, { ending: "", pieceBytes: 1, files: [] }, { ending: "|", pieceBytes: 1, files: [] }])
    expect(() => corpusFrom(json)).toThrow("OB404")
})

test("ours says of each file what it is and how it may be used", () => {
  const { files } = corpusFrom(own.net.corpus)
  const total = files.reduce((sum, { from, to }) => sum + to - from, 0)
  expect(total).toBeGreaterThan(3_000_000)
  expect(total).toBeLessThan(6_000_000)
  expect(new Set(files.map(({ licence }) => licence))).toEqual(
    new Set(["CDLA-Sharing-1.0", "CC0-1.0", "public domain", "MIT"]),
  )
})
