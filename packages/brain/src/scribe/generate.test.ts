import type { Predictor } from "@open-brains/core/run/predictor.ts"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Generated, type GenerateOptions, generate } from "./generate.ts"
import { openScribe } from "./open.ts"
import { BOUNDARY, utf8StateOf } from "./utf8.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const TEXT = bytes("the cat sat on the mat, where the cat älso sat; 猫 sat on the mät, 猫 sat. ".repeat(6))
const taught = async (engine: "wasm" | "interpreter" = "wasm"): Promise<Predictor> => {
  const { predictor } = await openScribe("none", { engine, memoryBytes: 2 ** 16 })
  predictor.read(TEXT, { learns: true })
  return predictor
}
const PLAIN: GenerateOptions = { bytes: 60, seed: 1, temperature: 1, topP: 1, utf8: BOUNDARY }
function all(work: Generator<Uint8Array, Generated>): { readonly made: Uint8Array; readonly done: Generated } {
  const made: number[] = []
  let next = work.next()
  for (; !next.done; next = work.next()) made.push(...next.value)
  return { made: Uint8Array.from(made), done: next.value }
}
const text = (made: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(made)

describe("generating", () => {
  it("goes on as what was read", async () => {
    const { made } = all(generate(await taught(), { ...PLAIN, temperature: 0, bytes: 19 }))
    expect(text(made)).toBe("the cat sat on the ")
  })
  it("gives the same bytes for a seed, on every engine, and others for another", async () => {
    const options = { ...PLAIN, bytes: 12, temperature: 4, topP: 0.99 }
    const [ours, judges] = [all(generate(await taught(), options)), all(generate(await taught("interpreter"), options))]
    expect(judges).toEqual(ours)
    expect(all(generate(await taught(), { ...options, seed: 2 })).made).not.toEqual(ours.made)
  })
  it("gives whole characters only, however hot it is", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { made } = all(generate(await taught(), { ...PLAIN, seed, temperature: 20, bytes: 40 }))
      expect(made.length).toBe(40)
      expect(() => text(made)).not.toThrow()
    }
  })
  it("ends a character that was open", async () => {
    const predictor = await taught()
    const open = bytes("猫").subarray(0, 2)
    predictor.read(open, { learns: true })
    const { made } = all(generate(predictor, { ...PLAIN, temperature: 5, utf8: utf8StateOf(open) }))
    expect(() => text(Uint8Array.of(...open, ...made))).not.toThrow()
  })
  it("gives any bytes where no text is asked for", async () => {
    const { utf8: _, ...raw } = { ...PLAIN, temperature: 100, bytes: 200 }
    const { made } = all(generate(await taught(), raw))
    expect(() => text(made)).toThrow()
  })
  it("learns nothing of it", async () => {
    const predictor = await taught()
    const table = predictor.instance.memory["order3_table"]!.slice()
    all(generate(predictor, PLAIN))
    expect(predictor.instance.memory["order3_table"]).toEqual(table)
  })
  it("ends before a text that stops it", async () => {
    const stopped = all(generate(await taught(), { ...PLAIN, temperature: 0, stop: bytes("on the") }))
    expect(text(stopped.made)).toBe("the cat sat ")
    expect(stopped.done).toMatchObject({ bytes: 12, isStopped: true })
    const never = all(generate(await taught(), { ...PLAIN, temperature: 0, bytes: 19, stop: bytes("on the x") }))
    expect(text(never.made)).toBe("the cat sat on the ")
  })
  it("holds back no more than begins the stop, and gives all that does not", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 40 }),
        fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 6 }),
        (said, stop) => {
          const { made, done } = all(
            generate(sayer(said), { ...PLAIN, temperature: 0, bytes: said.length, stop: bytes(stop) }),
          )
          const at = said.indexOf(stop)
          expect(text(made)).toBe(at < 0 ? said : said.slice(0, at))
          expect(done.bytes).toBe(made.length)
        },
      ),
      { seed: 1 },
    )
  })
})

/** Says a text, come what may. */
function sayer(said: string): Predictor {
  let at = 0
  const distribution = (): Float64Array =>
    Float64Array.from({ length: 256 }, (_, i) => (i === said.charCodeAt(at) ? 1 : 0))
  return { distribution, read: () => at++ } as Partial<Predictor> as Predictor
}
