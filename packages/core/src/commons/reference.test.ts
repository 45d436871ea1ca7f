import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { isTag, parseReference, printReference, readReference } from "./reference.ts"
import { codesOf, REFERENCES } from "./testing/examples.ts"

test("a name with or without a tag and a digest comes out as it went in", () => {
  for (const text of REFERENCES) expect(printReference(parseReference(text))).toBe(text)
  expect(parseReference(`acme/intent:stable@${digest("x")}`)).toEqual({
    ...{ namespace: "acme", name: "intent", tag: "stable", digest: digest("x") },
  })
})
test("OB700: what is no name", () => {
  const long = "a".repeat(65)
  const wrong = [
    ...[
      "",
      "acme",
      "/intent",
      "acme/",
      "acme/intent/x",
      "Acme/intent",
      "acme/in_tent",
      "acme/-x",
      "acme/x-",
      "acme/a--b",
    ],
    ...["1a/b", "a/1b", `${long}/a`, `a/${long}`, "a/b:", "a/b:x:y", "a/b@", "a/b@sha256:00", `a/b@${digest("x")}@`],
    ...[
      "../b",
      "a/..",
      "a/b\n",
      "a/b:\n",
      "\u202ea/b",
      "é/b",
      "a/b:sha256-0",
      `a/b:${"t".repeat(129)}`,
      `a/b@${digest("x").toUpperCase()}`,
    ],
    "a".repeat(1_000_000),
    `a/b:${"@".repeat(1_000_000)}`,
  ]
  const start = performance.now()
  for (const text of wrong) {
    expect(readReference(text), text.slice(0, 40)).toBeUndefined()
    expect(
      codesOf(() => parseReference(text)),
      text.slice(0, 40),
    ).toEqual(["OB700"])
  }
  expect(performance.now() - start).toBeLessThan(1000)
  expect(() => parseReference("\u001b[2J")).toThrow("error[OB700]: `�[2J` is no name of a module in a store.")
})
test("a tag is what registries take, but no tag that stands for a digest", () => {
  expect(["edge", "stable", "v1.0", "_x", "sha256"].map(isTag)).toEqual([true, true, true, true, true])
  expect(["", ".x", "-x", "a/b", "sha256-abc", "x".repeat(129)].map(isTag)).toEqual(Array(6).fill(false))
})
