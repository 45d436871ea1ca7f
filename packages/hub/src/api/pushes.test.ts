import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import { printDelivery } from "@open-brains/core/commons/delivery.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { afterEach, describe, expect, test } from "vitest"
import { digestBytes } from "../hash.ts"
import {
  BLANK,
  claim,
  endHubs,
  jsonOf,
  makeModule,
  makeSigner,
  post,
  pushModule,
  pushOf,
  sealed,
  sendBlob,
  sendManifest,
  sendModule,
  sendPush,
  startHub,
  type TestModule,
} from "../testing/hub.ts"

afterEach(endHubs)

interface Problem {
  readonly code: string
  readonly seen: string
  readonly hint: string
  readonly state?: unknown
}

describe("a push", () => {
  test("moves a tag; card, tags, signer and search tell of it", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    expect((await claim(url, "acme", ada)).status).toBe(200)
    const module = makeModule("net one")
    const response = await pushModule(url, "acme/intent", module, ada)
    expect(await jsonOf(response)).toEqual({ moved: true, artifact: module.artifact, tag: "edge", serial: 1, index: 0 })
    expect(await jsonOf(fetch(`${url}/api/v1/modules/acme/intent`))).toMatchObject({
      module: "acme/intent",
      artifact: module.artifact,
      card: { kind: "net", about: BLANK.about },
      tags: [{ tag: "edge", artifact: module.artifact, serial: 1 }],
      signers: [ada.key],
      dependents: 0,
    })
    const { found } = await jsonOf<{ found: { module: string }[] }>(fetch(`${url}/api/v1/search?q=message+abou`))
    expect(found.map((each) => each.module)).toEqual(["acme/intent"])
    const pulled = await fetch(`${url}/v2/acme/intent/manifests/edge`)
    expect(pulled.headers.get("docker-content-digest")).toBe(module.artifact)
  })

  test("leaves its envelope where OCI clients find it: a referrer", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const module = makeModule("net one")
    await sendModule(url, "acme/intent", module)
    const envelope = sealed(pushOf("acme/intent", module.artifact), ada)
    expect((await post(url, "/pushes", envelope)).status).toBe(200)
    const index = await jsonOf<{ manifests: { digest: string; size: number; artifactType: string }[] }>(
      fetch(`${url}/v2/acme/intent/referrers/${module.artifact}`),
    )
    expect(index.manifests.map(({ artifactType }) => artifactType)).toEqual(["application/vnd.openbrains.signature.v1"])
    const { digest, size } = index.manifests[0]!
    const referrer = Buffer.from(await (await fetch(`${url}/v2/acme/intent/manifests/${digest}`)).arrayBuffer())
    expect([digestBytes(referrer), referrer.length]).toEqual([digest, size])
    const manifest = JSON.parse(referrer.toString()) as { layers: { digest: string }[]; subject: unknown }
    expect(manifest.subject).toEqual({
      mediaType: MEDIA.manifest,
      digest: module.artifact,
      size: module.manifest.length,
    })
    const blob = await fetch(`${url}/v2/acme/intent/blobs/${manifest.layers[0]!.digest}`)
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(envelope)
  })

  test("that is sent again does not fit any more, nor after the tag went on", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const [one, two] = [makeModule("one"), makeModule("two")]
    await sendModule(url, "acme/intent", one)
    const first = sealed(pushOf("acme/intent", one.artifact), ada)
    expect((await post(url, "/pushes", first)).status).toBe(200)
    const again = await post(url, "/pushes", first)
    expect(again.status).toBe(409)
    expect(await jsonOf<Problem>(again)).toMatchObject({
      code: "OB734",
      state: { artifact: one.artifact, tag: "edge", serial: 1 },
    })
    await pushModule(url, "acme/intent", two, ada, { previous: one.artifact, serial: 1 })
    await sendPush(url, pushOf("acme/intent", one.artifact, { previous: two.artifact, serial: 2 }), ada)
    // The tag stands for what the second push came from, and still the second push is an old one.
    const old = await sendPush(url, pushOf("acme/intent", two.artifact, { previous: one.artifact, serial: 1 }), ada)
    expect(old.status).toBe(409)
  })

  test("that was signed, held back and overtaken does not fit again when the tag stands where it stood then", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const [one, two, held] = [makeModule("one"), makeModule("two"), makeModule("held back")]
    for (const module of [one, two, held]) await sendModule(url, "acme/intent", module)
    const push = (artifact: typeof one.artifact, previous: typeof one.artifact | null, serial: number) =>
      sendPush(url, pushOf("acme/intent", artifact, { previous, serial }), ada)
    await push(one.artifact, null, 0)
    await push(two.artifact, one.artifact, 1)
    expect((await push(one.artifact, two.artifact, 2)).status).toBe(200)
    expect((await push(held.artifact, one.artifact, 1)).status).toBe(409)
  })

  test("of two that came from the same state one wins, and the other is told what is there now", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const modules = Array.from({ length: 8 }, (_, i) => makeModule(`version ${i}`))
    for (const module of modules) await sendModule(url, "acme/intent", module)
    const answers = await Promise.all(
      modules.map(({ artifact }) => sendPush(url, pushOf("acme/intent", artifact), ada)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 409)])
    const { serial } = (await jsonOf<{ serial: number }[]>(fetch(`${url}/api/v1/modules/acme/intent/tags`)))[0]!
    expect(serial).toBe(1)
  })

  test("by a key that does not own the namespace, or by too few of several, is refused", async () => {
    const { url } = await startHub()
    const [ada, bob, eve] = [makeSigner(), makeSigner(), makeSigner()]
    await claim(url, "acme", ada, bob)
    const module = makeModule("one")
    await sendModule(url, "acme/intent", module)
    const statement = pushOf("acme/intent", module.artifact)
    for (const signers of [[eve], [ada], [ada, eve], [ada, ada]]) {
      const refused = await sendPush(url, statement, ...signers)
      expect(refused.status).toBe(403)
      expect((await jsonOf<Problem>(refused)).code).toBe("OB733")
    }
    expect((await sendPush(url, statement, ada, bob)).status).toBe(200)
  })

  test("whose signature was made for another statement is refused", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const module = makeModule("one")
    await sendModule(url, "acme/intent", module)
    const envelope = JSON.parse(Buffer.from(sealed(pushOf("acme/intent", module.artifact), ada)).toString())
    const other = JSON.parse(Buffer.from(sealed(pushOf("acme/other", module.artifact), ada)).toString())
    const forged = await post(url, "/pushes", JSON.stringify({ ...envelope, signatures: other.signatures }))
    expect(forged.status).toBe(403)
  })

  test("in a namespace that nobody owns, or of what is not there, is refused", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    const module = makeModule("one")
    await sendModule(url, "acme/intent", module)
    const nobody = await sendPush(url, pushOf("acme/intent", module.artifact), ada)
    expect([nobody.status, (await jsonOf<Problem>(nobody)).code]).toEqual([404, "OB731"])
    await claim(url, "acme", ada)
    const elsewhere = await sendPush(url, pushOf("acme/other", module.artifact), ada)
    expect([elsewhere.status, (await jsonOf<Problem>(elsewhere)).code]).toEqual([422, "OB735"])
  })

  test("without its blobs cannot even have a manifest", async () => {
    const { url } = await startHub()
    const module = makeModule("one")
    await sendBlob(url, "acme/intent", module.blobs[0]!)
    const refused = await sendManifest(url, "acme/intent", module.manifest)
    expect(refused.status).toBe(404)
    expect(await jsonOf(refused)).toMatchObject({ errors: [{ code: "MANIFEST_BLOB_UNKNOWN" }] })
  })
})

describe("a push in one request", () => {
  const send = (url: string, body: Uint8Array | string): Promise<Response> =>
    fetch(`${url}/api/v1/pushes`, {
      method: "POST",
      headers: { "content-type": MEDIA.delivery },
      body: Buffer.from(body),
    })
  const cardOf = ({ blobs }: TestModule): Uint8Array => blobs[1]!

  test("brings manifest and card along, and needs the files alone", async () => {
    const { url } = await startHub()
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const module = makeModule("net one")
    const envelope = sealed(pushOf("acme/intent", module.artifact), ada)
    const delivery = printDelivery({ manifest: module.manifest, card: cardOf(module), envelope })
    const early = await send(url, delivery)
    expect([early.status, (await jsonOf<Problem>(early)).code]).toEqual([422, "OB735"])
    expect((await fetch(`${url}/v2/acme/intent/manifests/${module.artifact}`)).status).toBe(404)
    await sendBlob(url, "acme/intent", module.blobs[0]!)
    const pushed = await send(url, delivery)
    expect(await jsonOf(pushed)).toMatchObject({ moved: true, artifact: module.artifact, serial: 1 })
    for (const reference of ["edge", module.artifact]) {
      const manifest = await fetch(`${url}/v2/acme/intent/manifests/${reference}`)
      expect(new Uint8Array(await manifest.arrayBuffer())).toEqual(module.manifest)
    }
    for (const blob of module.blobs) {
      const found = await fetch(`${url}/v2/acme/intent/blobs/${digestBytes(blob)}`)
      expect(new Uint8Array(await found.arrayBuffer())).toEqual(blob)
    }
    expect((await send(url, delivery)).status).toBe(409)
  })

  test("stays, however its parts came and whoever sends them again; what was sent again and not pushed stays a while longer", async () => {
    let now = 1e12
    const hub = await startHub({ clock: () => now })
    const { url } = hub
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const modules = ["at once", "sent before", "by parts"].map((about) => makeModule(`file ${about}`, { about }))
    const [, before, parts] = modules
    await sendModule(url, "acme/m-1", before!)
    for (const [i, module] of modules.entries()) {
      const statement = pushOf(`acme/m-${i}`, module.artifact)
      const envelope = sealed(statement, ada)
      if (module === parts) await sendModule(url, `acme/m-${i}`, module)
      else await sendBlob(url, `acme/m-${i}`, module.blobs[0]!)
      const pushed = await (module === parts
        ? sendPush(url, statement, ada)
        : send(url, printDelivery({ manifest: module.manifest, card: cardOf(module), envelope })))
      expect(pushed.status).toBe(200)
    }
    const loose = new TextEncoder().encode("nobody names me")
    await sendBlob(url, "acme/loose", loose)
    now += 50 * 60_000
    for (const blob of [loose, ...modules.flatMap(({ blobs }) => blobs)]) await sendBlob(url, "acme/loose", blob)
    now += 20 * 60_000
    await hub.collect()
    expect((await fetch(`${url}/v2/acme/loose/blobs/${digestBytes(loose)}`)).status).toBe(200)
    now += 2 * 3_600_000
    await hub.collect()
    expect((await fetch(`${url}/v2/acme/loose/blobs/${digestBytes(loose)}`)).status).toBe(404)
    for (const [i, { artifact, blobs }] of modules.entries())
      for (const path of [`manifests/${artifact}`, ...blobs.map((blob) => `blobs/${digestBytes(blob)}`)])
        expect((await fetch(`${url}/v2/acme/m-${i}/${path}`)).status, path).toBe(200)
  })

  test("with another manifest or card than was signed, by a stranger, or of nonsense, leaves nothing", async () => {
    const { url } = await startHub()
    const [ada, eve] = [makeSigner(), makeSigner()]
    await claim(url, "acme", ada)
    const [one, two] = [makeModule("one"), makeModule("two", { about: "Another one" })]
    for (const { blobs } of [one, two]) await sendBlob(url, "acme/intent", blobs[0]!)
    const envelope = sealed(pushOf("acme/intent", one.artifact), ada)
    const swapped = await send(url, printDelivery({ manifest: two.manifest, card: cardOf(two), envelope }))
    expect([swapped.status, (await jsonOf<Problem>(swapped)).code]).toEqual([422, "OB735"])
    const otherCard = await send(url, printDelivery({ manifest: one.manifest, card: cardOf(two), envelope }))
    expect([otherCard.status, (await jsonOf<Problem>(otherCard)).code]).toEqual([422, "OB703"])
    const byEve = sealed(pushOf("acme/intent", one.artifact), eve)
    expect(
      (await send(url, printDelivery({ manifest: one.manifest, card: cardOf(one), envelope: byEve }))).status,
    ).toBe(403)
    for (const text of ["", "{}", "[]", '{"envelope":1}', '{"envelope":"{}","manifest":"","card":""}', "\xff"])
      expect((await send(url, text)).status, text).toBeOneOf([400, 422])
    expect((await fetch(`${url}/v2/acme/intent/manifests/${one.artifact}`)).status).toBe(404)
    expect((await fetch(`${url}/v2/acme/intent/blobs/${digestBytes(cardOf(one))}`)).status).toBe(404)
    expect(await jsonOf(fetch(`${url}/api/v1/modules/acme/intent/tags`))).toEqual([])
  })
})

test("dependents are told page by page, also where a page ends within a namespace", async () => {
  const { url } = await startHub()
  const ada = makeSigner()
  for (const namespace of ["acme", "bolt"]) await claim(url, namespace, ada)
  const part = makeModule("part")
  await pushModule(url, "acme/part", part, ada)
  const users = ["acme/a", "acme/b", "bolt/a", "bolt/b", "bolt/c"]
  const uses = [{ name: "acme/part", artifact: part.artifact }]
  for (const name of users) await pushModule(url, name, makeModule(name, { kind: "brain", uses }), ada)
  for (const limit of [1, 2, 3, 5]) {
    const found: string[] = []
    for (let after = ""; found.length < users.length; after = found.at(-1)!) {
      const page = await jsonOf<Record<string, string[]>>(
        fetch(`${url}/api/v1/modules/acme/part/dependents?limit=${limit}&after=${after}`),
      )
      const names = Object.entries(page).flatMap(([namespace, all]) => all.map((name) => `${namespace}/${name}`))
      expect(names).toHaveLength(Math.min(limit, users.length - found.length))
      found.push(...names)
    }
    expect(found).toEqual(users)
  }
  expect(await jsonOf(fetch(`${url}/api/v1/modules/acme/part/dependents?after=acme`))).toEqual({
    bolt: ["a", "b", "c"],
  })
})

describe("quotas", () => {
  test("are told in headers, and what is beyond is refused until the hour is over", async () => {
    let now = 3_600_000 * 1000
    const { url } = await startHub({ clock: () => now, limits: { pushesAnHour: { key: 2, namespace: 10 } } })
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const modules = Array.from({ length: 3 }, (_, i) => makeModule(`version ${i}`))
    const push = (i: number): Promise<Response> =>
      pushModule(url, "acme/intent", modules[i]!, ada, { previous: modules[i - 1]?.artifact ?? null, serial: i })
    expect((await push(0)).headers.get("ratelimit-remaining")).toBe("1")
    expect((await push(1)).headers.get("ratelimit-remaining")).toBe("0")
    const third = await push(2)
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "3600"])
    expect((await jsonOf<Problem>(third)).code).toBe("OB736")
    now += 3_600_000
    expect((await push(2)).status).toBe(200)
  })
  test("count the bytes of a namespace", async () => {
    const { url } = await startHub({ limits: { bytesAnHour: { key: 1e9, namespace: 5000 } } })
    const ada = makeSigner()
    await claim(url, "acme", ada)
    const refused = await pushModule(url, "acme/big", makeModule(new Uint8Array(6000)), ada)
    expect(refused.status).toBe(429)
  })
})

describe("a namespace", () => {
  test("belongs to whoever claims it first", async () => {
    const { url } = await startHub()
    const [ada, eve] = [makeSigner(), makeSigner()]
    expect((await claim(url, "acme", ada)).status).toBe(200)
    const stolen = await claim(url, "acme", eve)
    expect([stolen.status, (await jsonOf<Problem>(stolen)).code]).toEqual([409, "OB732"])
    expect(await jsonOf(fetch(`${url}/api/v1/namespaces/acme`))).toEqual({
      namespace: "acme",
      keys: [ada.key],
      threshold: 1,
      serial: 0,
    })
    expect((await claim(url, "open", eve)).status).toBe(409)
  })
  test("changes its keys by those that it has, one statement after the other", async () => {
    const { url } = await startHub()
    const [ada, bob, eve] = [makeSigner(), makeSigner(), makeSigner()]
    await claim(url, "acme", ada)
    const change = {
      type: TYPES.namespace,
      namespace: "acme",
      keys: [bob.key, ada.key],
      threshold: 2,
      serial: 1,
    } as const
    expect((await post(url, "/namespaces", sealed(change, eve, bob))).status).toBe(403)
    expect((await post(url, "/namespaces", sealed({ ...change, serial: 2 }, ada))).status).toBe(409)
    expect((await post(url, "/namespaces", sealed(change, ada))).status).toBe(200)
    expect((await post(url, "/namespaces", sealed(change, ada))).status).toBe(409)
    const module = makeModule("one")
    expect((await pushModule(url, "acme/intent", module, ada)).status).toBe(403)
  })
  test("of a claim is signed by the keys that it names", async () => {
    const { url } = await startHub()
    const [ada, eve] = [makeSigner(), makeSigner()]
    const statement = { type: TYPES.namespace, namespace: "acme", keys: [ada.key], threshold: 1, serial: 0 } as const
    expect((await post(url, "/namespaces", sealed(statement, eve))).status).toBe(403)
  })
})
