/** A worker who makes up an answer, for tests; run by itself it works for `$BRAIN_HUB` until it is ended. */
import { parseEnvelope, type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import { type AttestationStatement, printStatement, statementOf } from "@open-brains/core/commons/statement.ts"
import { type ItemsResult, resultOf, sealResult } from "@open-brains/core/commons/work.ts"
import { leavesOf, rootOf } from "../../benchmarks/attest.ts"
import { signerOf } from "../../keys/keys.ts"
import type { Hub } from "../../registry/hub.ts"
import { needHub, openPlace } from "../../registry/open.ts"
import { workFor } from "../work.ts"

/** One answer of the first job with items is another one, and all that is signed fits it. */
export function lying(hub: Hub, signer: Signer, told: (item: number) => void): Hub {
  let hasLied = false
  return {
    ...hub,
    async result(job, bytes) {
      const result = resultOf(parseEnvelope(bytes))
      if (result.kind !== "items" || hasLied) return hub.result(job, bytes)
      hasLied = true
      const place = 5
      const candidate = result.leaves.candidate.with(place, leavesOf(["made up"])[0]!)
      const lie = (text: string): string => {
        const statement = statementOf(parseEnvelope(new TextEncoder().encode(text))) as AttestationStatement
        told(statement.items.from + place)
        const answers = { ...statement.answers, candidate: rootOf(candidate) }
        return new TextDecoder().decode(seal(printStatement({ ...statement, answers }), [signer]))
      }
      const { baseline, anchor } = result.attestations
      const altered: ItemsResult = {
        ...result,
        leaves: { ...result.leaves, candidate },
        attestations: { baseline: lie(baseline), ...(anchor === undefined ? {} : { anchor: lie(anchor) }) },
      }
      return hub.result(job, sealResult(altered, signer))
    },
  }
}

if (import.meta.main) {
  const place = await openPlace(process.env["BRAIN_HUB"]!)
  const [signer, stop] = [signerOf(undefined), new AbortController()]
  process.once("SIGTERM", () => stop.abort())
  const hub = lying(needHub(place, "have work"), signer, (item) => process.stdout.write(`A lie about item ${item}.\n`))
  await workFor({ hub, registry: place.registry, signer, signal: stop.signal }).catch((error: Error) => {
    process.stdout.write(`${error.message}\n`)
  })
}
