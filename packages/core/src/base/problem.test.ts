import fc from "fast-check"
import { expect, test } from "vitest"
import { assert, isProblem, type Problem, Refusal, refuse, render, suggest } from "./problem.ts"

const mistake = (source: string, start: number, end: number): Problem => ({
  code: "OB100",
  seen: "`vad` has no port `audoi`.",
  hint: suggest("audoi", ["gain", "audio"]),
  span: { file: "module.brain", source, start, end },
})

test("a misspelt word is pointed at, and the one that was meant is named", () => {
  const source = "use vad: acme/vad@1.2\nmic.samples -> vad.audoi\n"
  const start = source.indexOf("audoi")
  expect(render(mistake(source, start, start + 5))).toMatchInlineSnapshot(`
    "error[OB100]: \`vad\` has no port \`audoi\`.
     --> module.brain:2:20
      |
    2 | mic.samples -> vad.audoi
      |                    ^^^^^
    hint: Did you mean \`audio\`? Known: gain, audio."
  `)
})
test("without a text there is nothing to point at", () => {
  expect(render({ code: "OB210", seen: "seen", hint: "hint" })).toBe("error[OB210]: seen\nhint: hint")
})
test("a line of a megabyte is cut around what is meant", () => {
  const source = `${"a".repeat(500_000)}X${"b".repeat(500_000)}`
  const text = render(mistake(source, 500_000, 500_001))
  const [, place, , line, carets] = text.split("\n")
  expect(place).toContain(":1:500001")
  expect(line!.length).toBeLessThan(200)
  expect(line![carets!.indexOf("^")]).toBe("X")
})
test("any span of any text shows its own line, with carets under what it means", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\t", "\n"), maxLength: 40 })
  fc.assert(
    fc.property(text, fc.nat(40), fc.nat(5), (source, from, width) => {
      const start = Math.min(from, source.length)
      const end = Math.min(start + width, source.length)
      const before = source.slice(0, start)
      const [row, column] = [before.split("\n").length, start - before.lastIndexOf("\n")]
      const [, place, , line, carets] = render(mistake(source, start, end)).split("\n")
      expect(place!.trim()).toBe(`--> module.brain:${row}:${column}`)
      expect(line).toBe(`${row} | ${source.split("\n")[row - 1]}`)
      expect(carets!.indexOf("^")).toBe(`${row} | `.length + column - 1)
      const meant = source.slice(start, end).split("\n")[0]!.length
      expect(carets!.match(/\^+$/)![0]).toHaveLength(Math.max(1, meant))
    }),
    { numRuns: 500 },
  )
})

test("no suggestion is better than a wild one", () => {
  expect(suggest("colour", ["audio", "gain"])).toBe("Known: audio, gain.")
  expect(suggest("audio", [])).toBe("There is none yet.")
  expect(suggest("gian", ["audio", "gain"])).toBe("Did you mean `gain`? Known: audio, gain.")
  expect(
    suggest(
      "x",
      Array.from({ length: 20 }, (_, i) => `name${i}`),
    ),
  ).toContain("name11, … (20)")
})
test("a refusal carries its problems as data and reads as text", () => {
  const problems: readonly Problem[] = [1, 2].map((n) => ({ code: `OB${n}`, seen: `seen ${n}`, hint: "hint" }))
  const error = (() => {
    try {
      return refuse(...problems)
    } catch (thrown) {
      return thrown
    }
  })()
  expect(error).toBeInstanceOf(Refusal)
  expect((error as Refusal).problems).toEqual(problems)
  expect((error as Refusal).message).toBe("error[OB1]: seen 1\nhint: hint\n\nerror[OB2]: seen 2\nhint: hint")
  expect([problems[0], error, null, "OB1", {}].map(isProblem)).toEqual([true, false, false, false, false])
})
test("an assertion is a bug of ours", () => {
  expect(() => assert(false, "two is three")).toThrow("bug: two is three")
  expect(() => assert(true, "")).not.toThrow()
})
