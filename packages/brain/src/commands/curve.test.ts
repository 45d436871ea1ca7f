import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { measureCurve } from "../curve.ts"
import { widthOf } from "../layout.ts"
import { readModule } from "../store/folder.ts"
import { teachModule } from "../teach.ts"
import { brain, fileWith, temporary } from "../testing/command.ts"
import { CSV, MESSAGES, teachDesk } from "../testing/lesson.ts"

let folder: string
let desk: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-curve-"))
  desk = join(folder, "desk")
  await teachDesk(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("test --curve draws how accuracy grows, in the terminal and as SVG, from what the module carries", async () => {
  const svg = join(temporary(), "curve.svg")
  writeFileSync(svg, "an older one")
  const { code, out, err, progress } = await brain([
    "test",
    desk,
    "--curve",
    "--base",
    "none",
    "--seeds",
    "1",
    "--svg",
    svg,
  ])
  expect([code, err]).toEqual([0, ""])
  expect(out.replace(/\s+/g, " ")).toContain(
    "10 examples to learn from, 2 to choose the step size on, 2 with a label to test.",
  )
  expect(out).toMatch(/^ +10 +\d+\.\d \(\d+\.\d … \d+\.\d\)$/m)
  expect(out).toMatch(/○|●/)
  expect(
    out.split("\n").filter((line) => !line.includes(folder) && !line.includes(svg) && widthOf(line) > 100),
  ).toEqual([])
  expect(readFileSync(svg, "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
  expect(readdirSync(join(svg, ".."))).toEqual(["curve.svg"])
  expect(progress.at(-1)).toMatch(/^█+░+ scratch, 10 examples, seed 1, trained 2 of 3, \d\.\d\d bits$/)
})

test("a base and scratch stand beside each other, with the interval of their difference; a base that knows the texts does not", async () => {
  const recipe = { epochs: 8, buckets: 256, dims: 8 }
  const base = await readModule(desk)
  const [same, other] = [fileWith(CSV), fileWith(CSV.replaceAll("parcel", "kettle").replaceAll("refund", "spoon"))]
  const known = await measureCurve({ source: same, base, seeds: 1, recipe })
  expect(known).toMatchObject({ learnt: 10, tested: 2, knowsIt: true })
  expect(known.steps.map(({ scores }) => scores.map(({ name }) => name))).toEqual([["scratch"]])
  const measure = () => measureCurve({ source: other, base, seeds: 2, recipe })
  const beside = await measure()
  expect(beside.knowsIt).toBe(false)
  const [{ scores, differences }] = beside.steps as [(typeof beside.steps)[number]]
  expect(scores.map(({ name, accuracies }) => [name, accuracies.length])).toEqual([
    ["base", 2],
    ["scratch", 2],
  ])
  expect(differences[0]!.mean).toBeCloseTo(scores[0]!.mean - scores[1]!.mean, 12)
  expect(JSON.stringify(await measure())).toBe(JSON.stringify(beside))
})

test("a curve without anything to score on is refused, and so is a place that cannot be written", async () => {
  const untested = fileWith("text,label,split\na b,x,train\nc d,y,train\n")
  const { code, err } = await brain(["test", untested, "--curve", "--base", "none"])
  expect([code, err.slice(0, 12)]).toEqual([1, "error[OB513]"])
  const svg = join(temporary(), "none", "curve.svg")
  const lost = await brain(["test", desk, "--curve", "--base", "none", "--seeds", "1", "--svg", svg])
  expect([lost.code, lost.err.slice(0, 12), lost.progress]).toEqual([1, "error[OB157]", []])
  const taken = await brain(["test", desk, "--curve", "--svg", temporary()])
  expect([taken.code, taken.err.slice(0, 12), taken.progress]).toEqual([1, "error[OB157]", []])
})

test("test --calibration says what its probabilities are worth, draws it, and gives it as JSON", async () => {
  const svg = join(temporary(), "calibration.svg")
  const { code, out, err } = await brain(["test", desk, "--calibration", "--svg", svg])
  expect([code, err]).toEqual([0, ""])
  expect(out).toMatch(/^ {2}calibration error {3}0\.\d{4} /m)
  expect(out).toContain("Refusing what fits no label")
  expect(out.split("\n").filter((line) => !line.includes(svg) && widthOf(line) > 100)).toEqual([])
  expect(readFileSync(svg, "utf8").match(/class="title"/g)).toHaveLength(3)
  const json = JSON.parse((await brain(["test", desk, "--calibration", "--json"])).out)
  expect(json.examples).toBe(3)
  expect(json.calibration.reliability).toHaveLength(15)
  expect(json.calibration.scope[0].refused).toBe(0)
  expect(json.calibration.coverage.at(-1)).toEqual({ coverage: 1, accuracy: json.accuracy })
})

test("a wrong answer that costs more makes it say unsure more often, and rebuild comes to the same threshold", async () => {
  const place = temporary()
  const learn = async (wrongCosts: number): Promise<number> => {
    const recipe = { epochs: 8, buckets: 256, dims: 8, wrongCosts }
    const into = join(place, `costs-${wrongCosts}`)
    return (await teachModule({ examples: MESSAGES, into, name: "desk", recipe })).brain.files.manifest.unsureBelow
  }
  const [free, some, dear] = [await learn(0), await learn(5), await learn(100)]
  expect(free).toBeLessThan(some)
  expect(some).toBeLessThanOrEqual(dear)
  const into = join(place, "costs-5")
  const { costs } = JSON.parse((await brain(["test", into, "--wrong-costs", "5", "--json"])).out)
  expect(costs).toMatchObject({ wrongCosts: 5, now: { unsureBelow: some / 256 } })
  expect(costs.best.cost).toBeLessThanOrEqual(costs.now.cost)
  expect((await brain(["test", into, "--wrong-costs", "5"])).out).toMatch(/^ {2}as it is .* cost \d\.\d{3} a text$/m)
  expect(JSON.parse((await brain(["rebuild", into, "--json"])).out)).toMatchObject({ isSame: true })
  expect(readFileSync(join(into, "README.md"), "utf8")).toContain("a wrong answer costs 5 times")
})

test("teach --wrong-costs goes into the recipe; a cost below 0 is no cost", async () => {
  const into = join(temporary(), "desk")
  expect((await brain(["teach", fileWith(CSV), "--into", into, "--base", "none", "--wrong-costs", "2.5"])).code).toBe(0)
  expect(readFileSync(join(into, "recipe.json"), "utf8")).toContain('"wrongCosts":2.5')
  const { code, err } = await brain(["teach", fileWith(CSV), "--into", "x", "--wrong-costs", "-1"])
  expect([code, err.slice(0, 12)]).toEqual([2, "error[OB500]"])
})
