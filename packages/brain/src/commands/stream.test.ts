import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { expect, test } from "vitest"
import { recording, TINY_BYTES, TINY_GRAPH } from "../streams/testing/tiny.ts"
import { brain, fileWith, temporary } from "../testing/command.ts"

function sensor(graph = canonicalJson(TINY_GRAPH)): string {
  const folder = temporary()
  writeFileSync(join(folder, "graph.json"), graph)
  writeFileSync(join(folder, "weights.safetensors"), TINY_BYTES)
  return folder
}
const numbers = recording(50)
const rows = Array.from({ length: 50 }, (_, i) => `${numbers[2 * i]},${numbers[2 * i + 1]}`)
const CSV = `${rows.join("\n")}\n`

test("a file, standard input, and a rate: the same lines, in their order", async () => {
  const folder = sensor()
  const file = fileWith(CSV, "samples.csv")
  const fast = await brain(["stream", folder, file])
  expect(fast.code).toBe(0)
  expect(fast.out.split("\n").length).toBe(50)
  expect(fast.out.split("\n")[0]).toMatch(/^0\t(rest|left|right) {2}\d+\.\d %$/)
  expect(fast.err).toMatch(/^50 outputs: \d+ later than 2 ms .* the slowest .* ms\.$/)
  expect((await brain(["stream", folder], { input: CSV })).out).toBe(fast.out)
  const live = await brain(["stream", folder, file, "--rate", "500", "--late", "5000"])
  expect(live.out).toBe(fast.out)
  expect(live.err).toContain("50 outputs at 500 a second: 0 later than 5000 ms (0.00 %)")
})

test("times of a column t are handed on; JSON has numbers and latency; changes alone are fewer", async () => {
  const folder = sensor()
  const timed = fileWith(`t,left,right\n${rows.map((row, i) => `${i / 2},${row}`).join("\n")}`, "samples.csv")
  const { out } = await brain(["stream", folder, timed, "--json"])
  const lines = out.split("\n").map((line) => JSON.parse(line))
  expect(lines.map(({ number, t }) => [number, t])).toEqual(rows.map((_, i) => [i, i / 2]))
  expect(lines[0].values.length).toBe(3)
  expect(lines[0].latencyMs).toBeGreaterThan(0)
  const labels = lines.map(({ label }) => label as string)
  const changes = labels.filter((label, i) => label !== labels[i - 1])
  const { out: changed } = await brain(["stream", folder, timed, "--changes"])
  expect(changed.split("\n").map((line) => line.split(/\s+/)[1])).toEqual(changes)
})

test("a terminal is shown how the latencies lie", async () => {
  const { err } = await brain(["stream", sensor(), fileWith(CSV, "samples.csv")], { isTerminal: true })
  expect(err).toContain("Latency of outputs")
})

test.each([
  ["1,2\n3\n", "OB680", "line 2 has 1 number, not 2"],
  ["1,2\n\n3,x\n", "OB680", "line 3, column 2 is `x`"],
  ["t,a,b\n1,2,\n", "OB680", "line 2, column 3 is empty"],
  ["1,1e40\n", "OB680", "line 1, column 2 is `1e40`"],
  ["a,b\n", "OB682", "holds no sample"],
  ["", "OB682", "holds no sample"],
])("lines of %j: %s", async (csv, code, seen) => {
  for (const rate of [[], ["--rate", "1000"]]) {
    const { code: exit, err } = await brain(["stream", sensor(), fileWith(csv, "samples.csv"), ...rate])
    expect(exit).toBe(1)
    expect(err).toContain(`error[${code}]`)
    expect(err).toContain(seen)
  }
})

test("no module, and no file", async () => {
  expect((await brain(["stream", temporary(), "x.csv"])).err).toContain("error[OB681]")
  expect((await brain(["stream", sensor("{"), "x.csv"])).err).toContain("graph.json is no JSON")
  expect((await brain(["stream", sensor(), "no.csv"])).err).toContain("error[OB682]: There is no file no.csv.")
})
