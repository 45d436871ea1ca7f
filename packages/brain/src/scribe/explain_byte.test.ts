import { log2 } from "@open-brains/core/base/logarithm.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { expect, test } from "vitest"
import { brain, fileWith } from "../testing/command.ts"
import { lastBytesOf, lookedAt, matchedBy, nameOfByte, quoted } from "./context_words.ts"
import { explainByte } from "./explain_byte.ts"
import { identityOf } from "./identity.ts"
import { openScribe } from "./open.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const TEXT = "The cat sat on the mat.\nThe cat sat on the hat.\nThe dog lay. The cat sat on t"
const opened = async (text = TEXT) => {
  const { predictor } = await openScribe("none", { engine: "wasm", memoryBytes: 2 ** 16 })
  predictor.read(bytes(text), { learns: true })
  return predictor
}

test("a byte is explained by the chances that the predictor gives, and nothing changes", async () => {
  const predictor = await opened()
  const [chances, before] = [predictor.distribution(), identityOf(predictor)]
  const found = explainByte(predictor, 104, wasmEngine)
  expect(identityOf(predictor)).toEqual(before)
  expect(found).toMatchObject({ byte: 104, hasCome: true, chance: chances[104], bits: -log2(chances[104]!), rank: 1 })
  expect(found.likeliest).toHaveLength(8)
  expect(found.likeliest[0]).toEqual({ byte: 104, chance: chances[104] })
  expect(explainByte(predictor, undefined, wasmEngine)).toMatchObject({ byte: 104, hasCome: false })
  expect(explainByte(predictor, 0, wasmEngine).rank).toBeGreaterThan(8)
})
test("what is spoke for and against comes to the odds of every bit", async () => {
  const { votes, experts, bias, ends, correction } = explainByte(await opened(), 104, wasmEngine)
  const odds = votes.reduce((sum, { bit, chance }) => {
    const right = bit === 1 ? chance : 1 - chance
    return sum + Math.log2(right / (1 - right))
  }, 0)
  expect(experts.reduce((sum, { contribution }) => sum + contribution, bias + ends + correction)).toBeCloseTo(odds, 6)
  const before = experts.find(({ name }) => name === "order3")!
  expect(before).toMatchObject({ voted: 8, sees: "“n t”" })
  expect(before.contribution).toBeGreaterThan(0)
})
test("what an expert saves is what the byte costs without it", async () => {
  const predictor = await opened()
  const { experts, bits } = explainByte(predictor, 104, wasmEngine)
  const nth = experts.findIndex(({ name }) => name === "word")
  predictor.enabled[nth] = 0
  expect(experts[nth]!.saves).toBeCloseTo(-log2(predictor.distribution()[104]!) - bits, 12)
})
test("what experts look at is told as text", async () => {
  const predictor = await opened("Well, the ol' mürbe ca")
  const seen = (name: string) => lookedAt(predictor, name)
  expect([seen("order1"), seen("order6"), seen("skip13"), seen("skip23")]).toEqual([
    "“a”",
    "“rbe ca”",
    "“ ·a”",
    "“ c·”",
  ])
  expect([seen("word"), seen("word2"), seen("after_word3")]).toEqual(["“ca”", "“mürbe ca”", "“ol' mürbe ca”"])
  expect([seen("after_word_skip1"), seen("after_order2")]).toEqual(["“ol' mürbe ca”", "“ca”"])
  expect([seen("match"), seen("order"), seen("letters")]).toEqual([undefined, undefined, undefined])
  expect(lookedAt(await opened("a cat, "), "word")).toBe("“ ”")
  expect(lookedAt(await opened("a"), "order4")).toBe("“a”")
})
test("a matched text is shown with its place", async () => {
  const match = matchedBy(await opened(), "match")!
  const end = TEXT.lastIndexOf("The cat sat on t", TEXT.length - 17) + "The cat sat on t".length
  expect([TEXT.length - match.back, new TextDecoder().decode(match.next)]).toEqual([end, TEXT.slice(end, end + 16)])
  expect(TEXT.slice(0, end).endsWith(new TextDecoder().decode(match.same))).toBe(true)
  expect(matchedBy(await opened("nothing twice"), "match")).toBeUndefined()
})
test("the last bytes are found beyond the end of the history, and bytes have names that move no cursor", async () => {
  const predictor = await opened(`${"x".repeat(10_000)}the end`)
  expect(quoted(lastBytesOf(predictor, 9))).toBe("“xxthe end”")
  expect(lastBytesOf(predictor, 1e6).length).toBe(predictor.instance.memory["history"]!.length)
  expect([10, 32, 101, 27, 200].map(nameOfByte)).toEqual(["line break", "space", "“e”", "0x1b", "0xc8"])
  expect(quoted(bytes("a\u001b[2J\n"))).toBe("“a�[2J⏎”")
})

test("brain explain: a byte of a file, of a text, or the one to come", async () => {
  const file = fileWith(TEXT, "text.txt")
  const scribe = ["explain", "none", "--memory", "64KB"]
  const { code, out, err } = await brain([...scribe, "--on", file, "--at", "70"])
  expect([code, err]).toEqual([0, ""])
  expect(out).toContain("“a” came.") // The cat s|a
  const ofText = JSON.parse((await brain([...scribe, TEXT, "--json"])).out)
  const ofFile = JSON.parse((await brain([...scribe, "--on", file, "--json"])).out)
  expect(ofText).toEqual(ofFile)
  expect(ofText).toMatchObject({ at: TEXT.length - 1, byte: 116, hasCome: true })
  expect((await brain([...scribe, TEXT, "--at", `${TEXT.length}`])).out).toContain("nothing has come yet")
  expect((await brain([...scribe, TEXT, "--at", `${TEXT.length + 1}`])).err).toContain("OB816")
  expect((await brain([...scribe])).err).toContain("OB817")
  expect((await brain([...scribe, "x", "--label", "y"])).code).toBe(2)
})
