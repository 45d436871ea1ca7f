import { join } from "node:path"
import { expect, test } from "vitest"
import { openBenchmark } from "../../packages/brain/src/benchmarks/benchmark.ts"
import { openSubject, runItem } from "../../packages/brain/src/benchmarks/subject.ts"
import { brain, temporary } from "../../packages/brain/src/testing/command.ts"

const at = (name: string): string => join(import.meta.dirname, name)
const DESK = join(import.meta.dirname, "../helpdesk/desk")

async function meanScore(name: string, count: number): Promise<number> {
  const [desk, benchmark] = [await openSubject(DESK), await openBenchmark(at(name))]
  let sum = 0
  for (let i = 0; i < count; i++) sum += (await runItem(desk, benchmark, await benchmark.item(1, i))).score / 2 ** 32
  await benchmark.close()
  return sum / count
}

test("the desk passes both benchmarks", async () => {
  expect(await meanScore("parcels", 256)).toBeGreaterThan(0.6)
  expect(await meanScore("messages", 219)).toBeGreaterThan(0.8)
})

test("the generator gives each kind of question, and now and then one that fits none", async () => {
  const benchmark = await openBenchmark(at("parcels"))
  const counts = new Map<string | undefined, number>()
  const texts = new Set<unknown>()
  for (let i = 0; i < 512; i++) {
    const { inputs, expected } = await benchmark.item(9, i)
    counts.set(expected, (counts.get(expected) ?? 0) + 1)
    texts.add(inputs[0])
  }
  await benchmark.close()
  expect(counts.size).toBe(5)
  expect(Math.min(...counts.values())).toBeGreaterThan(25)
  expect(texts.size).toBeGreaterThan(400)
})

test("brain show tells of a benchmark what it asks and how it scores", async () => {
  const { out, code } = await brain(["show", at("messages")])
  expect(code).toBe(0)
  expect(out).toContain("219 items in questions.csv")
  expect((await brain(["show", at("parcels")])).out).toContain("as many as anybody wants")
})

test("a desk whose labels were swapped is found out at once", async () => {
  const into = join(temporary(), "swapped")
  expect(
    (
      await brain([
        "edit",
        DESK,
        "--labels",
        "parcel_status=refund_status",
        "refund_status=parcel_status",
        "--into",
        into,
      ])
    ).code,
  ).toBe(0)
  const { code, out } = await brain(["compare", DESK, into, "--on", at("parcels"), "--json"])
  expect(code).toBe(1)
  const { verdict } = JSON.parse(out) as { readonly verdict: { readonly kind: string; readonly items: number } }
  expect(verdict.kind).toBe("harmful")
  expect(verdict.items).toBeLessThan(64)
})
