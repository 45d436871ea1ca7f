import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { widthOf } from "../layout.ts"
import { readModule } from "../store/folder.ts"
import { brain, fileWith, temporary } from "../testing/command.ts"
import { CSV } from "../testing/lesson.ts"

const CUT = ["--base", "none"]

test("teach --max-size: a plan, a table, a plot, and a module that keeps to the size and rebuilds", {
  timeout: 120_000,
}, async () => {
  const folder = temporary()
  const [into, svg] = [join(folder, "desk"), join(folder, "sizes.svg")]
  const ran = await brain(["teach", fileWith(CSV), "--into", into, "--max-size", "4KB", "--svg", svg, ...CUT])
  expect([ran.code, ran.err]).toEqual([0, ""])
  expect(ran.out).toMatch(/^Looking for the best net of at most 4000 bytes of weights: \d+ shapes in brief/)
  expect(ran.out).toMatch(/^> \d+ x \d+, (1\.6|4|8) bits +\d+ /m)
  expect(ran.out).toMatch(/^Kept: \d+ x \d+, .* of 4000 bytes/m)
  expect(ran.out.split("\n").filter((line) => !line.includes(folder) && widthOf(line) > 100)).toEqual([])
  expect(readFileSync(svg, "utf8")).toMatch(/^<svg[\s\S]*<\/svg>\s*$/)
  const { parts } = await readModule(into)
  expect(parts["weights.safetensors"]!.length).toBeLessThanOrEqual(4000)
  expect((await brain(["rebuild", into])).code).toBe(0)

  const shown = JSON.parse((await brain(["show", into, "--json"])).out)
  const recipe = JSON.parse(new TextDecoder().decode(parts["recipe.json"]))
  const { buckets: rows, dims, levels = 255 } = recipe
  expect(shown.edition).toEqual({ rows, dims, levels, bytes: parts["weights.safetensors"]!.length })
  expect((await brain(["show", into])).out).toMatch(/^ {2}edition +\d+ x \d+, (1\.6|4|8) bits/m)
})
test("teach --max-size --json is one object, in which each trial stands", { timeout: 120_000 }, async () => {
  const into = join(temporary(), "desk")
  const { code, out } = await brain(["teach", fileWith(CSV), "--into", into, "--max-size", "3KB", "--json", ...CUT])
  expect(code).toBe(0)
  const { search } = JSON.parse(out)
  expect(search).toMatchObject({ bytesMax: 3000 })
  expect(search.trials[search.kept].bytes).toBeLessThanOrEqual(3000)
  expect(
    search.trials.every(({ accuracy, bits }: { accuracy: number; bits: number }) => accuracy >= 0 && bits > 0),
  ).toBe(true)
})
test("a coarse module can be learnt on from, at its size too; one that is too large is said to be", {
  timeout: 120_000,
}, async () => {
  const folder = temporary()
  const [first, second, third] = ["first", "second", "third"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await brain(["teach", fileWith(CSV), "--into", first, "--max-size", "3KB", ...CUT])
  const from = (into: string, size: string) =>
    brain(["teach", fileWith(CSV), "--into", into, "--base", first, "--max-size", size, "--json"])
  const trials = JSON.parse((await from(second, "3KB")).out).search.trials
  expect(trials.some(({ name }: { name: string }) => name.startsWith("base"))).toBe(true)
  const small = JSON.parse((await from(third, "1.5KB")).out).search // not even its coarsest form fits
  expect(small.baseBytes).toBeGreaterThan(1500)
  expect(small.trials.some(({ name }: { name: string }) => name.startsWith("base"))).toBe(false)
  const plain = await brain(["teach", fileWith(CSV), "--into", third, "--base", first, "--json"])
  expect(JSON.parse(plain.out).trials[0].name).toBe("base")
})
test("what is no size, and a plot of nothing, are misused", { timeout: 120_000 }, async () => {
  const words = ["teach", fileWith(CSV), "--into", join(temporary(), "desk")]
  for (const more of [
    ["--max-size", "small"],
    ["--max-size", "0"],
    ["--svg", "sizes.svg"],
  ]) {
    const { code, err } = await brain([...words, ...more])
    expect([code, err.slice(0, 12)]).toEqual([2, "error[OB500]"])
  }
})
