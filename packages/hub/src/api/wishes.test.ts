import type { Digest } from "@open-brains/core/base/digest.ts"
import { digest } from "@open-brains/core/base/digest.ts"
import { NOTHING } from "@open-brains/core/commons/merkle.ts"
import { SCORE_ONE } from "@open-brains/core/commons/score.ts"
import { type AttestationStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { afterEach, expect, test } from "vitest"
import {
  claim,
  endHubs,
  fine,
  jsonOf,
  makeModule,
  makeSigner,
  post,
  pushModule,
  sealed,
  startHub,
  type TestModule,
} from "../testing/hub.ts"

afterEach(endHubs)

const signer = makeSigner()
const net = makeModule("net")
const benchmark = makeModule("benchmark", { kind: "benchmark", bound: 0.9, items: 20 })
const endless = makeModule("endless", { kind: "benchmark", bound: 0.9 })

/** So many of so many items right. */
function scored(of: TestModule, right: number, count: number, rest: Partial<AttestationStatement> = {}) {
  return sealed(
    {
      type: TYPES.attestation,
      candidate: net.artifact,
      baseline: NOTHING,
      benchmark: of.artifact,
      items: { seed: 1, from: 0, count },
      counts: { better: right, equal: count - right, worse: 0 },
      sum: right * SCORE_ONE,
      answers: { candidate: digest("answers"), baseline: NOTHING },
      runner: "test",
      ...rest,
    },
    signer,
  )
}
async function started(): Promise<string> {
  const { url } = await startHub()
  await fine(await claim(url, "acme", signer))
  for (const [name, module] of Object.entries({ net, benchmark, endless }))
    await fine(await pushModule(url, `acme/${name}`, module, signer))
  return url
}
interface Named {
  readonly module: string
}
const wishesOf = async (url: string): Promise<readonly string[]> =>
  (await jsonOf<{ readonly found: readonly Named[] }>(fetch(`${url}/api/v1/wishes`))).found.map(({ module }) => module)

test("a benchmark is a wish until a module is shown to reach its bound; both then name each other", async () => {
  const url = await started()
  expect(await wishesOf(url)).toEqual(["acme/benchmark", "acme/endless"])
  await fine(await post(url, "/attestations", scored(benchmark, 18, 20)))
  expect(await wishesOf(url)).toEqual(["acme/endless"])
  await fine(await post(url, "/attestations", scored(endless, 950, 1000)))
  expect(await wishesOf(url)).toEqual([])
  const of = (name: string) => jsonOf<object>(fetch(`${url}/api/v1/modules/acme/${name}`))
  const [passes, passedBy] = [
    { module: "acme/benchmark", artifact: benchmark.artifact, key: signer.key },
    { module: "acme/net", artifact: net.artifact, key: signer.key },
  ]
  expect(await of("net")).toMatchObject({ passes: [passes, { module: "acme/endless" }], passedBy: [] })
  expect(await of("benchmark")).toMatchObject({ passes: [], passedBy: [passedBy] })
  await fine(await post(url, "/attestations", scored(benchmark, 18, 20))) // sent again: nothing changes
  expect(await of("benchmark")).toMatchObject({ passedBy: [passedBy] })
})

test("what does not reach the bound, asks too little, or compares with another one, passes nothing", async () => {
  const url = await started()
  const answers: AttestationStatement["answers"] = { candidate: digest("one"), baseline: digest("other") }
  const other = { baseline: endless.artifact as Digest, answers }
  for (const each of [
    scored(benchmark, 17, 20),
    scored(benchmark, 19, 19), // one is left out
    scored(benchmark, 20, 20, { items: { seed: 1, from: 1, count: 20 } }),
    scored(endless, 999, 999),
    scored(benchmark, 20, 20, other),
    scored(benchmark, 20, 20, { within: { brain: net.artifact, module: { namespace: "acme", name: "net" } } }),
    scored(net, 20, 20), // no benchmark
  ])
    await fine(await post(url, "/attestations", each))
  expect(await wishesOf(url)).toEqual(["acme/benchmark", "acme/endless"])
})

test("a new version of a benchmark is a wish again, and wishes come in pages", async () => {
  const url = await started()
  await fine(await post(url, "/attestations", scored(benchmark, 20, 20)))
  const harder = makeModule("harder", { kind: "benchmark", bound: 1, items: 20 })
  const previous = benchmark.artifact
  await fine(await pushModule(url, "acme/benchmark", harder, signer, { previous, serial: 1 }))
  expect(await wishesOf(url)).toEqual(["acme/benchmark", "acme/endless"])
  const page = async (after: string) =>
    jsonOf<{ readonly found: readonly Named[]; readonly after?: string }>(fetch(`${url}/api/v1/wishes?limit=1${after}`))
  const first = await page("")
  const second = await page(`&after=${first.after}`)
  expect([...first.found, ...second.found].map(({ module }) => module)).toEqual(["acme/benchmark", "acme/endless"])
})
