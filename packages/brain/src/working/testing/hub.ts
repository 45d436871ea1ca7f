import type { IncomingMessage } from "node:http"
import type { CandidateView } from "@open-brains/core/commons/candidate.ts"
import { type Envelope, parseEnvelope, signersOf } from "@open-brains/core/commons/envelope.ts"
import { statementOf, TYPES } from "@open-brains/core/commons/statement.ts"
import { type Job, type JobResult, resultOf } from "@open-brains/core/commons/work.ts"
import { type NamedKey, newKey, verify } from "../../keys/keys.ts"
import { openHttpRegistry } from "../../registry/http.ts"
import { type Fake, startFake } from "../../registry/testing/fake.ts"
import { artifactOf } from "../../store/artifact.ts"
import { putArtifact } from "../../store/unpack.ts"

export interface FakeHub {
  readonly fake: Fake
  readonly key: NamedKey
  /** Given out one by one, whatever they are: JSON. */
  readonly jobs: unknown[]
  readonly results: { readonly by: string; readonly result: JobResult; readonly envelope: Envelope }[]
  /** What `GET /candidates/1` answers, one after the other; the last one again and again. */
  readonly views: CandidateView[]
  readonly nonces: string[]
  leaseMs: number
  /** Answers these requests with a status and JSON instead. */
  says: ((method: string, path: string) => { readonly status: number; readonly json?: unknown } | undefined) | undefined
  put(folder: string, repository: string): Promise<{ readonly repository: string; readonly artifact: string }>
}

/** A hub that believes everybody: a small registry, jobs in a row, and what was said of them. */
export async function startFakeHub(folder: string): Promise<FakeHub> {
  const fake = await startFake()
  const key = await newKey("hub", folder)
  const hub: FakeHub = {
    fake,
    key,
    jobs: [],
    results: [],
    views: [],
    nonces: [],
    leaseMs: 60_000,
    says: undefined,
    async put(path, repository) {
      const made = await artifactOf(path)
      await putArtifact(openHttpRegistry(new URL(fake.address)), repository, made)
      return { repository, artifact: made.artifact.digest }
    },
  }
  const answer = async (request: IncomingMessage, path: string) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const said = hub.says?.(request.method!, path)
    if (said) return said
    if (path === "/api/v1") return { status: 200, json: { hub: "open-brains", version: "0", key: key.key } }
    if (path === "/api/v1/candidates/1")
      return { status: 200, json: hub.views.length > 1 ? hub.views.shift() : hub.views[0] }
    if (path.endsWith("/candidates")) return { status: 200, json: hub.views }
    if (request.method === "GET")
      return { status: 404, json: { code: "OB731", seen: "Nothing.", hint: "Ask for more." } }
    const envelope = parseEnvelope(Buffer.concat(chunks))
    const [by] = signersOf(envelope, verify)
    if (path === "/api/v1/work") {
      const statement = statementOf(envelope)
      if (statement.type !== TYPES.work || statement.hub !== key.key || by === undefined)
        return { status: 400, json: { code: "OB733", seen: "Not for me.", hint: "Ask another hub." } }
      hub.nonces.push(statement.nonce)
      const job = hub.jobs.shift()
      return job === undefined
        ? { status: 204 }
        : { status: 200, json: { job: job as Job, leaseUntil: Date.now() + hub.leaseMs } }
    }
    hub.results.push({ by: by!, result: resultOf(envelope), envelope })
    return { status: 200, json: {} }
  }
  fake.trick = (request, response, path) => {
    if (!path.startsWith("/api/v1")) return false
    void answer(request, path).then(({ status, json }) => {
      response.writeHead(status, { "content-type": "application/json" })
      response.end(json === undefined ? undefined : JSON.stringify(json))
    })
    return true
  }
  return hub
}
