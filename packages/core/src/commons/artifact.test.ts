import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { canonicalJson, type JsonObject } from "../base/json.ts"
import {
  ARTIFACT_LIMITS,
  type ArtifactFile,
  cardOfArtifact,
  EMPTY,
  EMPTY_DESCRIPTOR,
  isArtifactPath,
  MEDIA,
  parseArtifact,
  parseManifestFacts,
  printArtifact,
  printReferrer,
} from "./artifact.ts"
import type { Card } from "./card.ts"
import { artifactOfCard, bytesOf, CARD, codesOf, FILES, textOf } from "./testing/examples.ts"

const file = (path: string, size = 1): ArtifactFile => ({ path, digest: digest(path), size })
const told = (work: () => unknown): string => {
  try {
    work()
    return "read"
  } catch (error) {
    return (error as Error).message.split("\n")[0]!
  }
}
const withFiles = (...files: readonly ArtifactFile[]): string => told(() => printArtifact(files, CARD))

test("files and card come out as they went in, in the order of their paths", () => {
  const { artifact, manifest, card } = printArtifact(FILES, CARD)
  expect(parseArtifact(manifest)).toEqual(artifact)
  expect(artifact.digest).toBe(digest(manifest))
  expect(artifact.files).toEqual(FILES.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
  expect(cardOfArtifact(artifact, card)).toEqual(CARD)
})
test("equal modules are one artifact, whatever order their files came in", () => {
  expect(printArtifact(FILES.toReversed(), CARD)).toEqual(printArtifact(FILES, CARD))
})
test("these digests were here before: locks and signatures name them", () => {
  const { artifact } = printArtifact(FILES, CARD)
  expect([artifact.digest, artifact.card.digest]).toMatchInlineSnapshot(`
    [
      "sha256:405389a49acf09a86f2c1dcefb51edac28f68575dfeeeb91905ed7759b168ce5",
      "sha256:f59439ada7e2bd80c6b89e0d60d2a19d7837b0ce245265650f927282654fcb5e",
    ]
  `)
})

test("a path stays in the folder, on every disk", () => {
  for (const path of ["a", "module.brain", "code/a-b_c.v1.js", "_x/Y", `${"a".repeat(255)}/b`, "console.txt"])
    expect(isArtifactPath(path), path).toBe(true)
  const wrong = [
    ...["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".git/config", "a/.b", "-a"],
    ...["a\\b", "..\\a", "C:a", "a:b", "a b", "a\u0000b", "a\nb", "é", "a%2fb", "~a", "$a", "a*", "a.", "a./b"],
    ...["con", "CON", "nul.txt", "a/aux", "com1.js", "LPT9", "prn"],
    ...["a".repeat(256), `${"a/".repeat(256)}a`],
  ]
  for (const path of wrong) expect(isArtifactPath(path), path).toBe(false)
})
test("OB702: two files of one name, also where case does not count, and a file that is a folder", () => {
  expect(withFiles(file("a"), file("a"))).toBe("error[OB702]: This artifact is no module: it has two files a.")
  expect(withFiles(file("code/A.js"), file("code/a.JS"))).toContain("it has two files code/a.js")
  expect(withFiles(file("code"), file("code-b"), file("code.c"), file("code/a"))).toContain(
    "code is a file and a folder",
  )
  expect(withFiles(file("Code/x/y"), file("code/X"))).toContain("code/x is a file and a folder")
  expect(withFiles(file("a"), file("ab"), file("a-b"), file("b/a"), file("b/a.c"))).toBe("read")
})
test("OB702: what is too large is refused by what the manifest says, before anything is fetched", () => {
  expect(withFiles(file("a", ARTIFACT_LIMITS.fileBytes))).toBe("read")
  expect(withFiles(file("a", ARTIFACT_LIMITS.fileBytes + 1))).toContain("a has 1073741825 bytes")
  const half = ARTIFACT_LIMITS.bytes / 2
  expect(withFiles(file("a", half), file("b", half))).toBe("read")
  expect(withFiles(file("a", half), file("b", half), file("c", 1))).toContain("it has 2147483649 bytes")
})
test("OB701: more files than a manifest may name, or a longer manifest, and that at once", () => {
  const many = Array.from({ length: ARTIFACT_LIMITS.files + 1 }, (_, i) => file(`f${i}`))
  expect(withFiles(...many.slice(1))).toBe("read")
  expect(withFiles(...many)).toContain("layers is no list of at most 10000")
  const long = bytesOf(" ".repeat(ARTIFACT_LIMITS.manifestBytes + 1))
  const start = performance.now()
  expect(told(() => parseManifestFacts(long))).toContain("it is no manifest of at most 4194304 bytes")
  expect(performance.now() - start).toBeLessThan(1000)
})

const MANIFEST = JSON.parse(textOf(printArtifact(FILES, CARD).manifest)) as JsonObject
const altered = (changes: JsonObject): Uint8Array => bytesOf(canonicalJson({ ...MANIFEST, ...changes }))
test("OB702: a manifest that says more than its files, or in another order, would be another artifact of the same module", () => {
  const layers = MANIFEST["layers"] as readonly JsonObject[]
  for (const changes of [
    { annotations: { created: "today" } },
    { layers: layers.toReversed() },
    { layers: layers.map((layer) => ({ ...layer, urls: ["https://example.org"] })) },
    { layers: layers.map((layer) => ({ ...layer, mediaType: "application/octet-stream" })) },
  ])
    expect(told(() => parseArtifact(altered(changes)))).toContain("its manifest says more than its files")
  expect(told(() => parseArtifact(bytesOf(JSON.stringify(MANIFEST, null, 1))))).toContain("says more than its files")
})
test("OB702: artifacts of another kind, without files or card, or about another one", () => {
  const of = (changes: JsonObject) => told(() => parseArtifact(altered(changes)))
  expect(of({ artifactType: "application/x" })).toContain("its type is application/x")
  expect(of({ config: { ...EMPTY_DESCRIPTOR } })).toContain("it has no card")
  expect(of({ layers: [] })).toContain("it has no files")
  expect(of({ subject: { ...EMPTY_DESCRIPTOR } })).toContain("it is about another artifact")
})
test("OB701: JSON that is too deep, has endless numbers, a mark before it or bytes that are no UTF-8", () => {
  const manifest = (rest: string): string => `{"schemaVersion":2${rest}}`
  const nested = (levels: number): string => manifest(`,"x":${"[".repeat(levels)}${"]".repeat(levels)}`)
  expect(codesOf(() => parseManifestFacts(bytesOf(nested(30))))).toEqual([])
  const texts = ["[".repeat(100_000), nested(32), manifest(',"x":1e999'), `\ufeff${manifest("")}`, "{", ""]
  for (const text of texts)
    expect(
      codesOf(() => parseManifestFacts(bytesOf(text))),
      text.slice(0, 40),
    ).toEqual(["OB701"])
  expect(codesOf(() => parseManifestFacts(Uint8Array.of(0x22, 0xff, 0x22)))).toEqual(["OB701"])
})
test("a message about a stranger's text moves no cursor and turns no direction of writing", () => {
  const layers = [{ mediaType: MEDIA.file, digest: digest(""), size: 0, annotations: { x: "\u001b[2J", "\u202e": 1 } }]
  const message = told(() => parseManifestFacts(altered({ layers })))
  expect(message).toContain("layers[0].annotations.�")
  for (const path of ["\u001b[2J", "a\u202eb"]) expect(withFiles(file(path))).not.toMatch(/[\p{Cc}\u202e]/u)
  expect(told(() => parseManifestFacts(bytesOf("\u001b[2J")))).not.toMatch(/\p{Cc}/u)
})

test("OB703: a card that is another blob, or says what none can say", () => {
  const { artifact, card } = printArtifact(FILES, CARD)
  expect(codesOf(() => cardOfArtifact(artifact, card.with(10, 0x20)))).toEqual(["OB703"])
  expect(codesOf(() => cardOfArtifact({ ...artifact, card: { ...artifact.card, size: 1 } }, card))).toEqual(["OB703"])
  const wrong: readonly (readonly [keyof Card, unknown])[] = [
    ["kind", "robot"],
    ["about", "two\nlines"],
    ["about", "\u202eback"],
    ["licence", "x".repeat(2000)],
    ["module", "sha256:00"],
    ["bytes", -1],
    ["bytes", 0.5],
    ["takes", {}],
    ["uses", [{ name: "../up", artifact: digest("") }]],
    ["benchmarks", Array<string>(257).fill("acme/x")],
    ["operations", "many"],
  ]
  for (const [name, value] of wrong) {
    const bytes = bytesOf(JSON.stringify({ ...CARD, [name]: value }))
    expect(
      codesOf(() => cardOfArtifact(artifactOfCard(bytes), bytes)),
      name,
    ).toEqual(["OB703"])
  }
})

test("a referrer says what it is about, and that what it carries is an envelope", () => {
  const { artifact, manifest } = printArtifact(FILES, CARD)
  const subject = { mediaType: MEDIA.manifest, digest: artifact.digest, size: manifest.length }
  const facts = parseManifestFacts(printReferrer(MEDIA.signature, bytesOf("{}"), subject))
  expect(facts).toMatchObject({ artifactType: MEDIA.signature, subject, config: EMPTY_DESCRIPTOR })
  expect(facts.layers).toEqual([{ mediaType: MEDIA.envelope, digest: digest("{}"), size: 2 }])
  expect(digest(EMPTY)).toBe(EMPTY_DESCRIPTOR.digest)
})
test("what others push is read too: an index, a config that stands for the type", () => {
  const index = bytesOf(
    canonicalJson({
      schemaVersion: 2,
      mediaType: MEDIA.index,
      manifests: [{ ...EMPTY_DESCRIPTOR, artifactType: "a/b", annotations: { x: "two\nlines" } }],
    }),
  )
  expect(parseManifestFacts(index).manifests).toEqual([
    { ...EMPTY_DESCRIPTOR, artifactType: "a/b", annotations: { x: "two\nlines" } },
  ])
  const old = bytesOf(
    canonicalJson({ schemaVersion: 2, config: { ...EMPTY_DESCRIPTOR, mediaType: "x/y" }, layers: [] }),
  )
  expect(parseManifestFacts(old)).toMatchObject({ artifactType: "x/y", mediaType: MEDIA.manifest })
})
