import { expect, test } from "vitest"
import { add, buffer, i32, let_, load, local, mul, parallel, select, store } from "./build.ts"
import { printProgram } from "./print.ts"
import { renameProgram } from "./rename.ts"

const [x, y, i] = [buffer("input", "i32", "x", 8), buffer("output", "i32", "y", 8), local("i")]
const [kept, changed] = [mul(add(i, i32(1)), i32(2)), add(load(x, i), local("a"))]
const program = {
  ...{ name: "p", buffers: [x, y] },
  body: [parallel("i", 8, [let_("a", kept), store(y, i, select(local("a"), changed, kept))])],
}

test("every name of a program is mapped, of buffers and of locals", () => {
  const printed = printProgram(renameProgram(program, (name) => `n_${name}`))
  expect(printed).toBe(printProgram(program).replace(/\b(?:x|y|i|a)\b(?!\d)/g, (name) => `n_${name}`))
})
test("expressions that keep their names are not copied", () => {
  const [loop] = renameProgram(program, (name) => (name === "x" ? "z" : name)).body
  if (loop?.kind !== "loop") throw new Error("bug: a loop became another statement")
  const [bound, stored] = loop.body
  expect(bound?.kind === "let" && bound.value).toBe(kept)
  expect(stored?.kind === "store" && stored.value).toEqual(
    select(local("a"), add(load({ ...x, name: "z" }, i), local("a")), kept),
  )
})
