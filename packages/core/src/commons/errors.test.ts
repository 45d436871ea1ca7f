import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { canonicalJson, type Json } from "../base/json.ts"
import { type GateOptions, openGate } from "../gate/gate.ts"
import { cardOfArtifact, parseArtifact, parseManifestFacts } from "./artifact.ts"
import { IN_TOTO, parseEnvelope } from "./envelope.ts"
import { parseReference } from "./reference.ts"
import { statementOf } from "./statement.ts"
import { artifactOfCard, codesOf } from "./testing/examples.ts"
import { RESULT_TYPE, resultOf } from "./work.ts"

const canonical = (text: string): Uint8Array => new TextEncoder().encode(canonicalJson(JSON.parse(text) as Json))
const TRIED: Readonly<Record<string, (example: string) => unknown>> = {
  OB700: (text) => parseReference(text.trim()),
  OB701: (text) => parseManifestFacts(new TextEncoder().encode(text)),
  OB702: (text) => parseArtifact(canonical(text)),
  OB703: (text) => cardOfArtifact(artifactOfCard(canonical(text)), canonical(text)),
  OB704: (text) => parseEnvelope(new TextEncoder().encode(text)),
  OB705: (text) => statementOf({ payloadType: IN_TOTO, payload: canonical(text), signatures: [] }),
  OB743: (text) => resultOf({ payloadType: RESULT_TYPE, payload: canonical(text), signatures: [] }),
  OB770: (text) => openGate(JSON.parse(text) as GateOptions),
  OB771(text) {
    const { benchmark, againstIncumbent } = JSON.parse(text) as { benchmark: string; againstIncumbent: number[] }
    openGate({ benchmarks: [{ name: benchmark, weight: 1 }] }).add(benchmark, againstIncumbent)
  },
}
test.each(Object.entries(TRIED))(
  "docs/errors/%s.md: the broken example gives this code alone, the mended one none",
  (code, attempt) => {
    const page = readFileSync(join(repository, `docs/errors/${code}.md`), "utf8")
    const blocks = [...page.matchAll(/```(?:json|text)\n([\s\S]*?)```/g)]
    expect(blocks.map(([, example]) => codesOf(() => attempt(example!)))).toEqual([[code], []])
    expect(page.startsWith(`# ${code}: `)).toBe(true)
  },
)
