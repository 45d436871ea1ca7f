import { parseEnvelope, signersOf } from "@open-brains/core/commons/envelope.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { afterEach, expect, test } from "vitest"
import { openHubKey, verifyEd25519 } from "../keys.ts"
import { makeVillage, makeWorker, pushCandidate, type Village, work } from "../testing/gate.ts"
import { endHubs, fine, jsonOf, makeModule, makeSigner, post, pushModule, sealed } from "../testing/hub.ts"

afterEach(endHubs)

/** The owner of acme lets the gate speak for it. */
async function open(village: Village, threshold = 1): Promise<void> {
  const { hub, acme } = village
  const keys = [acme.key, openHubKey(hub.folder).key]
  const statement = { type: TYPES.namespace, namespace: "acme", keys, threshold, serial: 1 } as const
  await fine(await post(hub.url, "/namespaces", sealed(statement, acme)))
}
const problemOf = async (response: Response): Promise<readonly [number, string]> => [
  response.status,
  (await jsonOf<{ readonly code: string }>(response)).code,
]
const next = { tag: "stable", serial: 1 } as const

test("a stranger moves what others build on where the owners have let the gate speak for them, and it is proven", async () => {
  const village = await makeVillage()
  await open(village)
  const cleo = makeSigner()
  const { id, module } = await pushCandidate({ ...village, acme: cleo }, "new", () => true)
  const workers = [cleo, makeSigner(), makeSigner()].map((signer) => makeWorker(undefined, signer))
  const waiting = await work(village, workers, id)
  expect(waiting).toMatchObject({ state: "checking", waitsFor: expect.stringContaining("of 2 workers") as unknown }) // nobody measures what is theirs
  const { url, folder } = village.hub
  expect(await work(village, [...workers, makeWorker()], id)).toMatchObject({
    state: "accepted",
    verdict: { kind: "better" },
  })
  const [tag] = await jsonOf<{ artifact: string; serial: number }[]>(fetch(`${url}/api/v1/modules/acme/intent/tags`))
  expect(tag).toMatchObject({ artifact: module.artifact, serial: 2 })
  // Signed by the stranger, who speaks for nobody, and by the gate; both stand in the log.
  const { manifests } = await jsonOf<{ manifests: { digest: string; artifactType: string }[] }>(
    fetch(`${url}/v2/acme/intent/referrers/${module.artifact}`),
  )
  const signers: string[] = []
  for (const { digest, artifactType } of manifests) {
    if (!artifactType.includes("signature")) continue
    const { layers } = await jsonOf<{ layers: { digest: string }[] }>(
      fetch(`${url}/v2/acme/intent/manifests/${digest}`),
    )
    const blob = await fetch(`${url}/v2/acme/intent/blobs/${layers[0]!.digest}`)
    signers.push(...signersOf(parseEnvelope(new Uint8Array(await blob.arrayBuffer())), verifyEd25519))
  }
  expect(signers.sort()).toEqual([cleo.key, openHubKey(folder).key].sort())
  const checkpoint = await (await fetch(`${url}/api/v1/log/checkpoint`)).text()
  expect(checkpoint.split("\n")[1]).toBe(`${id + 2}`)
})
test("a stranger's candidate that is worse is refused, and nothing is signed for it", async () => {
  const village = await makeVillage()
  await open(village)
  const { id } = await pushCandidate({ ...village, acme: makeSigner() }, "bad", () => false)
  const view = await work(village, [makeWorker(), makeWorker(), makeWorker()], id)
  expect(view).toMatchObject({ state: "refused", verdict: { kind: "harmful" } })
  const checkpoint = await (await fetch(`${village.hub.url}/api/v1/log/checkpoint`)).text()
  expect(checkpoint.split("\n")[1]).toBe(`${id + 1}`)
})
test("strangers are refused where the gate does not speak for the owners", async () => {
  const village = await makeVillage()
  const { url } = village.hub
  const [cleo, module] = [makeSigner(), makeModule("new")]
  const push = (name: string, rest: object) => pushModule(url, name, module, cleo, rest).then(problemOf)
  const previous = village.old.artifact
  expect(await push("acme/intent", { ...next, previous })).toEqual([403, "OB733"])
  await open(village, 2) // a key of the hub cannot sign alone
  expect(await push("acme/intent", { ...next, previous })).toEqual([403, "OB733"])
})
test("a stranger moves no other tag, and nothing that nobody builds on", async () => {
  const village = await makeVillage()
  await open(village)
  const { url } = village.hub
  const [cleo, module] = [makeSigner(), makeModule("new")]
  const push = (name: string, rest: object) => pushModule(url, name, module, cleo, rest).then(problemOf)
  expect(await push("acme/intent", { tag: "edge" })).toEqual([403, "OB733"])
  expect(await push("acme/fresh", { tag: "stable" })).toEqual([403, "OB733"])
  await fine(await pushModule(url, "acme/lonely", village.old, village.acme, { tag: "stable" }))
  expect(await push("acme/lonely", { ...next, previous: village.old.artifact })).toEqual([403, "OB733"])
  const same = await pushModule(url, "acme/intent", village.old, cleo, { ...next, previous: village.old.artifact })
  expect(await problemOf(same)).toEqual([403, "OB733"])
})
test("a stranger has one candidate of a module at a time, and strangers take no place of the owners", async () => {
  const village = await makeVillage({ limits: { candidates: 2 } })
  await open(village)
  const cleo = makeSigner()
  const as = (acme: typeof cleo) => ({ ...village, acme })
  await pushCandidate(as(cleo), "one", () => true)
  await expect(pushCandidate(as(cleo), "two", () => true)).rejects.toThrow("OB741")
  await pushCandidate(as(makeSigner()), "three", () => true)
  await expect(pushCandidate(as(makeSigner()), "four", () => true)).rejects.toThrow("OB741")
  await pushCandidate(village, "five", () => true)
})
test("what strangers send takes nothing from what the owners may push", async () => {
  const pushesAnHour = { key: 100, namespace: 2 }
  const village = await makeVillage({ limits: { pushesAnHour } })
  await open(village)
  await pushCandidate({ ...village, acme: makeSigner() }, "one", () => true)
  await pushCandidate({ ...village, acme: makeSigner() }, "two", () => true)
  await pushCandidate(village, "three", () => true) // the second of the namespace
})
test("whoever asks is given the statement of whose a namespace is, as it was signed", async () => {
  const village = await makeVillage()
  await open(village)
  const statement = await fine(await fetch(`${village.hub.url}/api/v1/namespaces/acme/statement`))
  const envelope = parseEnvelope(new Uint8Array(await statement.arrayBuffer()))
  expect(signersOf(envelope, verifyEd25519)).toEqual([village.acme.key])
  expect((await fetch(`${village.hub.url}/api/v1/namespaces/nobody/statement`)).status).toBe(404)
})
