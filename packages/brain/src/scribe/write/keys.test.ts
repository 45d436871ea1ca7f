import fc from "fast-check"
import { expect, test } from "vitest"
import { keysIn } from "./keys.ts"

const kinds = (sent: string): readonly string[] =>
  keysIn(sent).keys.map((key) => ("text" in key ? `${key.kind}:${key.text}` : key.kind))

test("letters, controls and sequences are keys", () => {
  expect(kinds("hé猫 \r\t\u007f\b\u0003\u0004\u0013\u0001\u0005")).toEqual([
    "text:hé猫 ",
    "enter",
    "tab",
    "backspace",
    "backspace",
    "leave",
    "leave",
    "save",
    "home",
    "end",
  ])
  expect(kinds("\u001b[A\u001b[B\u001b[C\u001b[D\u001bOH\u001b[F\u001b[1~\u001b[4~\u001b[3~\u001b[1;5C")).toEqual([
    "up",
    "down",
    "right",
    "left",
    "home",
    "end",
    "home",
    "end",
    "delete",
    "right",
  ])
})
test("what nobody knows is no text", () => {
  expect(kinds("a\u001b[99;3Xb\u001b[?25hc\u0007\u001bxd")).toEqual(["text:a", "text:b", "text:c", "text:xd"])
})
test("a sequence that is cut waits for its end", () => {
  expect(keysIn("a\u001b[1")).toEqual({ keys: [{ kind: "text", text: "a" }], pending: "\u001b[1" })
  expect(keysIn("\u001b")).toEqual({ keys: [], pending: "\u001b" })
  expect(keysIn("\u001b[200~two\r\nli")).toEqual({ keys: [], pending: "\u001b[200~two\r\nli" })
})
test("what is pasted is text, whatever stands in it", () => {
  expect(keysIn("\u001b[200~a\tb\r\nc\u0003\u001b[A\u001b[201~\r").keys).toEqual([
    { kind: "paste", text: "a\tb\nc[A" },
    { kind: "enter" },
  ])
})
test("any text may come in any pieces", () => {
  const sent = fc.array(
    fc.constantFrom("a", "é", "\r", "\t", "\u001b[A", "\u001bOC", "\u001b[3~", "\u001b[200~x\ry\u001b[201~"),
  )
  fc.assert(
    fc.property(sent, fc.nat(40), (parts, at) => {
      const whole = parts.join("")
      const first = keysIn(whole.slice(0, at))
      const second = keysIn(first.pending + whole.slice(at))
      const joined = [...first.keys, ...second.keys].map((key) => ("text" in key ? key.text : `<${key.kind}>`)).join("")
      expect(joined).toBe(
        keysIn(whole)
          .keys.map((key) => ("text" in key ? key.text : `<${key.kind}>`))
          .join(""),
      )
    }),
    { seed: 1 },
  )
})
