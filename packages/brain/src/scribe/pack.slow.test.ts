import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stream } from "@open-brains/core/base/random.ts"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { missingCompiler } from "../native/c99.ts"
import { brain, temporary } from "../testing/command.ts"

const random = stream(5, "draw")
const WORDS = ["a", "cat", "sat", "on", "the", "mat", "ünd", "猫"]
const text = (length: number): Uint8Array =>
  new TextEncoder()
    .encode(Array.from({ length: length / 2 + 8 }, (_, i) => WORDS[random.below(i, 8)]).join(" "))
    .subarray(0, length)
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => random.below(i, 256))

test("files of every size come back from every engine's code, on every other", {
  timeout: 300_000,
}, async (context) => {
  requireOrSkip(context, missingCompiler())
  const folder = temporary()
  const cases = [0, 1, 2, 3, 17, 4095, 4096, 4097, 65_536, 200_001].flatMap((size) => [text(size), noise(size)])
  for (const [i, content] of cases.entries()) {
    const path = join(folder, `${i}`)
    writeFileSync(path, content)
    const pairs = [
      ["wasm", "native"],
      ["native", "wasm"],
      ...(content.length <= 17
        ? [
            ["interpreter", "native"],
            ["wasm", "interpreter"],
          ]
        : []),
    ] as const
    let first: Buffer | undefined
    for (const [packs, unpacks] of pairs) {
      const scribe = ["none", "--memory", "64KB"]
      const packed = await brain([
        "pack",
        ...scribe.slice(0, 1),
        path,
        ...scribe.slice(1),
        "--engine",
        packs!,
        "--force",
      ])
      expect([packed.code, packed.err]).toEqual([0, ""])
      first ??= readFileSync(`${path}.brain-pack`)
      expect(readFileSync(`${path}.brain-pack`)).toEqual(first)
      const words = ["unpack", "none", `${path}.brain-pack`, "--out", `${path}.back`, "--force", "--engine", unpacks!]
      const unpacked = await brain([...words, ...scribe.slice(1)])
      expect([unpacked.code, unpacked.err]).toEqual([0, ""])
      expect(Buffer.compare(readFileSync(`${path}.back`), content)).toBe(0)
    }
  }
})
