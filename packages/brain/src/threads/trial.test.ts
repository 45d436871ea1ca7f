import { expect, test } from "vitest"
import { fasterOf } from "./trial.ts"

/** Which of the two is used in each of `runs` runs, given how long each takes in the n-th run. */
function usesOf(runs: number, plainMs: (run: number) => number, otherMs: (run: number) => number): string {
  let [now, used] = [0, ""]
  const plain = (): void => {
    now += plainMs(used.length)
    used += "p"
  }
  const other = (): void => {
    now += otherMs(used.length)
    used += "o"
  }
  const run = fasterOf(plain, other, () => now)
  for (let n = 0; n < runs; n++) run()
  return used
}
const always = (ms: number) => () => ms

test("the faster of two is used once both have been timed twice", () => {
  expect(usesOf(12, always(2), always(1))).toBe("opopoooooooo")
  expect(usesOf(12, always(1), always(2))).toBe("opoppppppppp")
})

test("a gain that is not worth another core is left", () => {
  expect(usesOf(8, always(100), always(96))).toBe("opoppppp")
})

test("what is faster is found out again after a while: code warms up, other work comes and goes", () => {
  const used = usesOf(40, always(2), (run) => (run < 10 ? 3 : 1))
  expect(used.slice(0, 16)).toBe("opop".padEnd(16, "p"))
  expect(used.slice(16)).toBe("opop".padEnd(24, "o"))
})
