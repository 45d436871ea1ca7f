/**
 * Fills a hub's folder with made-up pushes, by the layer below HTTP: `node load.ts FOLDER MODULES PUSHES`. Prints what they take.
 * Cards, manifests, envelopes and signatures are real; the files alone are not there.
 */
import { mkdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { cardOfArtifact, MEDIA, parseArtifact, parseManifestFacts } from "@open-brains/core/commons/artifact.ts"
import { makeRepository, moveTag, putBlob, tagOf } from "../content.ts"
import { openSqlite } from "../database/sqlite.ts"
import { digestFrom, hashOf, sha256 } from "../hash.ts"
import { recordPush } from "../record_push.ts"
import { makeModule, makeSigner, pushOf, sealed } from "./hub.ts"

const [folder = "", modulesText = "0", pushesText = "0"] = process.argv.slice(2)
const [modules, pushes] = [Number(modulesText), Number(pushesText)]
const BATCH = 500
const TIME = 1_800_000_000_000 // a time of today takes more bytes than a small number

/** Few words come often and many seldom, as in texts: the rank of a word is a power of a uniform number. */
let state = 20261127
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "za"]
const word = (rank: number): string => {
  let text = ""
  for (let rest = rank + 1; rest > 0; rest = Math.floor(rest / 16)) text += SYLLABLES[rest % 16]!
  return text
}
const anyWord = (): string => word(Math.floor(20_000 ** random()) - 1)
const words = (count: number): string => Array.from({ length: count }, anyWord).join(" ")

mkdirSync(folder, { recursive: true })
const database = await openSqlite(folder, 0)
const signer = makeSigner()
const start = performance.now()
for (let from = 0; from < pushes; from += BATCH)
  await database.transact(true, async (queries) => {
    for (let i = from; i < Math.min(pushes, from + BATCH); i++) {
      const number = i % modules
      const at = TIME + i
      const [namespace, name] = [`ns-${number % 1000}`, `m-${number}`]
      const labels = Array.from({ length: 4 }, anyWord).join(" or ")
      const made = makeModule(`push ${i}`, {
        name: `m-${number}`,
        about: words(8),
        gives: [{ name: anyWord(), type: labels }],
      })
      const repository = await makeRepository(queries, namespace, name)
      const artifact = parseArtifact(made.manifest)
      for (const { digest, size } of [artifact.card, ...artifact.files]) {
        const small = digest === artifact.card.digest ? made.blobs[1]! : undefined
        await putBlob(queries, repository, { hash: hashOf(digest), size, small }, at)
      }
      const facts = parseManifestFacts(made.manifest)
      const before = await tagOf(queries, repository, "edge")
      const previous = before.artifact === null ? null : digestFrom(before.artifact)
      const bytes = sealed(pushOf(`${namespace}/${name}`, artifact.digest, { previous, serial: before.serial }), signer)
      const card = cardOfArtifact(artifact, made.blobs[1]!)
      const module = { artifact, card }
      const descriptor = { mediaType: MEDIA.manifest, digest: artifact.digest, size: made.manifest.length }
      const hash = hashOf(artifact.digest)
      const subject = { facts, descriptor, brought: made.manifest }
      await recordPush(queries, { repository, tag: "edge", subject, bytes, hash: sha256(bytes), at })
      await moveTag(database, queries, { id: repository, name }, "edge", before, hash, module, at)
    }
    if ((from / BATCH) % 20 === 0) process.stderr.write(`\r${from} of ${pushes} pushes`)
  })
process.stderr.write("\r\x1b[K")
const seconds = (performance.now() - start) / 1000
await database.close()
const raw = new DatabaseSync(join(folder, "hub.db"))
raw.exec("pragma wal_checkpoint(truncate)")
const tables = raw
  .prepare("select name, sum(pgsize) as bytes from dbstat group by name order by bytes desc limit 12")
  .all()
raw.close()
const { size } = statSync(join(folder, "hub.db"))
process.stdout.write(`${JSON.stringify({ pushes, modules, seconds, bytes: size, tables })}\n`)
