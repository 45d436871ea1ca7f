/** What the commons must never let pass, where modules are taken into a store: each refused by its name. hub/src/bars.test.ts has the same five at the hub. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { seal } from "@open-brains/core/commons/envelope.ts"
import { type PushStatement, printStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { newKey, signerOf } from "../keys/keys.ts"
import { readTrust } from "../keys/trust.ts"
import { artifactOf } from "../store/artifact.ts"
import { blobPath } from "../store/blobs.ts"
import { type Layout, openLayout } from "../store/layout.ts"
import { openMine } from "../store/mine.ts"
import { codesOf } from "../store/testing/artifacts.ts"
import { putArtifact } from "../store/unpack.ts"
import { temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { add, pull } from "./add.ts"
import { push } from "./push.ts"
import { pushesOf, putSignature } from "./signatures.ts"
import { newPerson, type Person } from "./testing/people.ts"

let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-bars-"))
  await teachDesk(desks)
  await teachDesk(desks, "other")
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))
const [desk, other] = [() => join(desks, "desk"), () => join(desks, "other")]

let [ann, bob, eve]: readonly Person[] = []
let stick: string
beforeEach(async () => {
  ;[ann, bob, eve] = [newPerson(), newPerson(), newPerson()]
  stick = join(temporary(), "stick")
  for (const each of [eve, ann]) {
    each!.become()
    await newKey("me")
  }
})
afterEach(() => vi.unstubAllEnvs())
const place = (): Promise<Layout> => openLayout(stick, { create: true })
const give = (folder = desk()) => push(folder, "ann/desk", { to: stick })
const take = (name = "ann/desk") => add(name, { from: stick })
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
/** Bob's store, as it is before he takes anything and after all that he was offered was refused. */
async function expectNothing(): Promise<void> {
  expect(await (await openMine()).tags("ann/desk")).toEqual([])
}

test("path traversal: refused, as a file of a module and as a link that leads out of the place", async () => {
  const made = await artifactOf(desk())
  const layout = await place()
  await putArtifact(layout, "ann/desk", made)
  bob!.become()
  for (const path of ["../../evil", "/etc/evil", "a/../../evil", "..", ".bashrc", "aux.txt", "a\\b"]) {
    const manifest = text(new TextDecoder().decode(made.manifest).replace('"graph.json"', JSON.stringify(path)))
    await layout.putManifest("ann/desk", manifest, "edge")
    const name = `ann/desk@${digest(manifest)}`
    expect(await codesOf(take(name))).toBe("OB702")
    const into = join(temporary(), "deep", "module")
    expect(await codesOf(pull(name, into, { from: stick }))).toBe("OB702")
    expect(readdirSync(dirname(dirname(into)))).toEqual([])
  }
  // The place has a link where a file should lie: what it leads to is no file of the module.
  const secret = join(temporary(), "secret")
  writeFileSync(secret, "the person's own")
  const blob = blobPath(stick, made.artifact.files[0]!.digest)
  rmSync(blob)
  symlinkSync(secret, blob)
  expect(await codesOf(take(`ann/desk@${made.artifact.digest}`))).toMatch(/OB71[123]/)
  await expectNothing()
})
test("oversized: refused by what the manifest tells, and by what comes instead", async () => {
  const made = await artifactOf(desk())
  const { size } = made.artifact.files[0]!
  const layout = await place()
  await putArtifact(layout, "ann/desk", made)
  bob!.become()
  for (const [told, code] of [
    [2 ** 31, "OB702"],
    [2 ** 53, "OB701"],
    [size - 1, "OB713"],
  ] as const) {
    const manifest = text(new TextDecoder().decode(made.manifest).replace(`"size":${size}`, `"size":${told}`))
    const path = blobPath(stick, digest(manifest))
    writeFileSync(path, manifest)
    expect([told, await codesOf(take(`ann/desk@${digest(manifest)}`))]).toEqual([told, code])
  }
  await expectNothing()
})
test("digest mismatch: refused, of a file, of the card and of the manifest", async () => {
  await give()
  const { artifact } = await artifactOf(desk())
  const [file] = artifact.files
  bob!.become()
  for (const each of [file!.digest, artifact.card.digest, artifact.digest]) {
    const path = blobPath(stick, each)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1))
    expect(await codesOf(take())).toBe("OB713")
    writeFileSync(path, bytes)
  }
  await expectNothing()
  expect(readTrust().keys.size).toBe(0)
  await take()
})
test("replayed signature: refused, of an older push, of another tag, of another module, of another artifact", async () => {
  const first = await give()
  await give(other())
  bob!.become()
  await take()
  const layout = await place()
  await layout.putManifest("ann/desk", (await artifactOf(desk())).manifest, "edge") // with the signature that it had
  expect(await codesOf(take())).toBe("OB729")
  // The same signature beside what it does not speak of.
  const { envelope } = (await pushesOf(layout, "ann/desk", first.artifact))[0]!
  const made = await artifactOf(other())
  await putArtifact(layout, "ann/else", made, "edge")
  await putSignature(layout, "ann/else", envelope, (await layout.resolve("ann/else", "edge"))!)
  expect(await codesOf(take("ann/else"))).toBe("OB724")
  await layout.putManifest("ann/desk", (await artifactOf(desk())).manifest, "stable")
  expect(await codesOf(take("ann/desk:stable"))).toBe("OB724")
})
test("stolen tag: refused, moved without a signature, by another key, and by one signature made of another", async () => {
  await give()
  bob!.become()
  const before = (await take()).artifact
  const made = await artifactOf(other())
  const layout = await place()
  await putArtifact(layout, "ann/desk", made, "edge")
  expect(await codesOf(take())).toBe("OB724")
  const subject = (await layout.resolve("ann/desk", "edge"))!
  const statement: PushStatement = {
    ...{ type: TYPES.push, module: { namespace: "ann", name: "desk" }, artifact: made.artifact.digest },
    ...{ tag: "edge", previous: before, serial: 1 },
  }
  ann!.become()
  const key = signerOf("me").key
  eve!.become()
  // She says that it is Ann's key which signed.
  const forger = { key, sign: (message: Uint8Array) => signerOf("me").sign(message) }
  await putSignature(layout, "ann/desk", seal(printStatement(statement), [forger]), subject)
  bob!.become()
  expect(await codesOf(take())).toBe("OB724")
  eve!.become()
  await putSignature(layout, "ann/desk", seal(printStatement(statement), [signerOf("me")]), subject)
  bob!.become()
  expect(await codesOf(take())).toBe("OB726")
  expect((await (await openMine()).resolve("ann/desk", "edge"))!.digest).toBe(before)
  expect(readTrust().keys.get("ann")).toEqual([key])
})
