import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { expect, test } from "vitest"
import { identityOf } from "../identity.ts"
import { openScribe } from "../open.ts"
import { companionOf } from "./complete.ts"

const PLAIN = { budgetMs: 1e9, nowMs: () => 0 }
const LINE = "Dear Lucía, I hope you are well.\n"
const taught = async (): Promise<Predictor> => {
  const { predictor } = await openScribe("none", { engine: "wasm", memoryBytes: 2 ** 16 })
  predictor.read(new TextEncoder().encode(LINE.repeat(6)), { learns: true })
  return predictor
}

test("it says how the line goes on, and changes nothing", async () => {
  const predictor = await taught()
  const companion = companionOf(predictor, PLAIN, LINE.repeat(6))
  const before = identityOf(predictor)
  expect(`Dear L${companion.complete(`${LINE.repeat(6)}Dear L`)}`).toBe("Dear Lucía, I hope you are well.")
  expect(identityOf(predictor)).toEqual(before)
  expect(companion.learnt()).toBe("")
})
test("it learns what it is given, from one line on", async () => {
  const { predictor } = await openScribe("none", { engine: "wasm", memoryBytes: 2 ** 16 })
  const companion = companionOf(predictor, PLAIN)
  expect(companion.complete("Quixotic zep")).toBe("")
  let text = ""
  for (let i = 0; i < 3; i++) {
    companion.learn("Quixotic zeppelins hum.\n")
    text += "Quixotic zeppelins hum.\n"
  }
  expect(companion.complete(`${text}Quixotic zep`)).toMatch(/^pelins/)
  expect(companion.learnt()).toBe(text)
})
test("elsewhere in a text it looks at the lines above, not at what it learnt last", async () => {
  const predictor = await taught()
  const companion = companionOf(predictor, PLAIN, LINE.repeat(6))
  const shown: string[] = []
  const read = predictor.read
  const spied = companionOf(
    {
      ...predictor,
      read: (bytes, options) => {
        shown.push(new TextDecoder().decode(bytes))
        return read(bytes, options)
      },
    },
    PLAIN,
    LINE.repeat(6),
  )
  spied.complete("Another beginning.\nDear")
  expect(shown.slice(0, 2)).toEqual(["Another beginning.\n", "Dear"])
  shown.length = 0
  spied.complete(`${LINE.repeat(6)}Dear`)
  expect(shown.slice(0, 2)).toEqual(["", "Dear"])
  expect(companion.complete("Dear")).toBe(companion.complete("Dear"))
})
test("it ends when its time is over, in whole characters", async () => {
  let now = 0
  const companion = companionOf(await taught(), { budgetMs: 5, nowMs: () => now++ }, LINE.repeat(6))
  const made = companion.complete(`${LINE.repeat(6)}Dear Luc`)
  expect(made.length).toBeLessThan(6)
  expect(made).not.toContain("�")
})
test("a long line and a long text above are taken back all the same", async () => {
  const predictor = await taught()
  const before = identityOf(predictor)
  companionOf(predictor, PLAIN).complete(`${"above\n".repeat(2000)}${"word ".repeat(3000)}`)
  expect(identityOf(predictor)).toEqual(before)
})
