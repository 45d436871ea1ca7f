import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import {
  claim,
  jsonOf,
  makeModule,
  makeSigner,
  pushModule,
  pushOf,
  sendModule,
  sendPush,
  startHub,
  useDatabases,
} from "../testing/hub.ts"
import { missingPostgres, type Postgres, startPostgres } from "../testing/postgres.ts"
// Their tests become those of this file too, and their hubs get the databases that are named here.
import "../api/pushes.test.ts"
import "../bars.test.ts"
import "../gate/attacks.test.ts"
import "../gate/strangers.test.ts"
import "../log.test.ts"
import "../oci/registry.test.ts"
import "../oci/hostile.test.ts"
import "./search.test.ts"

const missing = missingPostgres()
let server: Postgres | undefined
beforeAll(async () => {
  if (missing === undefined) server = await startPostgres()
}, 60_000)
afterAll(async () => server?.end())
beforeEach((context) => requireOrSkip(context, missing))
useDatabases(() => server!.create())

interface Pushed {
  readonly index: number
}
test("two hubs on one database: what is pushed to either is seen by both, and the log has no gap and no double", async () => {
  const database = await server!.create()
  const hubs = await Promise.all([startHub({ database }), startHub({ database })]) // both make the tables at once
  const ada = makeSigner()
  expect((await claim(hubs[0].url, "acme", ada)).status).toBe(200)
  expect((await claim(hubs[1].url, "acme", makeSigner())).status).toBe(409)
  const pushed = await Promise.all(
    Array.from({ length: 24 }, async (_, i) => {
      const module = makeModule(`module ${i}`, { about: `number ${i}` })
      const response = await pushModule(hubs[i % 2]!.url, `acme/m-${i}`, module, ada)
      expect(response.status).toBe(200)
      return { i, module, ...(await jsonOf<Pushed>(response)) }
    }),
  )
  expect(pushed.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(pushed.map(({ i }) => i))
  const bundles: Uint8Array[] = []
  for (const { url } of hubs) {
    for (const { i, module } of pushed) {
      const manifest = await fetch(`${url}/v2/acme/m-${i}/manifests/edge`)
      expect(new Uint8Array(await manifest.arrayBuffer())).toEqual(module.manifest)
      const { found } = await jsonOf<{ found: { module: string }[] }>(
        fetch(`${url}/api/v1/search?q=number+${i}&limit=100`),
      )
      expect(found.map((each) => each.module)).toContain(`acme/m-${i}`)
    }
    const [, size] = (await (await fetch(`${url}/api/v1/log/checkpoint`)).text()).split("\n")
    expect(size).toBe("24")
    bundles.push(new Uint8Array(await (await fetch(`${url}/api/v1/log/tile/0/000.p/24`)).arrayBuffer()))
  }
  expect(bundles[0]).toHaveLength(24 * 32)
  expect(bundles[0]).toEqual(bundles[1])
})

test("of pushes of one tag to two hubs at once one wins, each time", async () => {
  const database = await server!.create()
  const hubs = await Promise.all([startHub({ database }), startHub({ database })])
  const ada = makeSigner()
  await claim(hubs[0].url, "acme", ada)
  let previous: ReturnType<typeof makeModule>["artifact"] | null = null
  for (let serial = 0; serial < 8; serial++) {
    const modules = hubs.map((_, i) => makeModule(`version ${serial} of hub ${i}`))
    for (const [i, module] of modules.entries()) await sendModule(hubs[i]!.url, "acme/intent", module)
    const answers: readonly Response[] = await Promise.all(
      modules.map(({ artifact }, i) =>
        sendPush(hubs[i]!.url, pushOf("acme/intent", artifact, { previous, serial }), ada),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
    const winner = modules[answers.findIndex(({ ok }) => ok)]!
    for (const { url } of hubs)
      expect(await jsonOf(fetch(`${url}/api/v1/modules/acme/intent/tags`))).toEqual([
        { tag: "edge", artifact: winner.artifact, serial: serial + 1 },
      ])
    previous = winner.artifact
  }
})
