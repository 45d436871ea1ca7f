import type { Digest } from "../base/digest.ts"
import { canonicalJson, type Json, type JsonObject } from "../base/json.ts"
import type { Envelope, PublicKey } from "./envelope.ts"
import { IN_TOTO, parsePublicKey } from "./envelope.ts"
import { NOTHING } from "./merkle.ts"
import { isName, isTag, type ModuleName, readReference, repositoryOf } from "./reference.ts"
import { SCORE_ONE } from "./score.ts"
import { jsonOf, type Reading, readingOf } from "./shape.ts"

/** What is signed: in-toto statements of our own predicates. Source: in-toto attestation framework, Statement 1. */
export type Statement = PushStatement | NamespaceStatement | AttestationStatement | WorkStatement

/** “This artifact is what the tag of the module stands for from now on.” */
export interface PushStatement {
  readonly type: typeof TYPES.push
  readonly module: ModuleName
  readonly artifact: Digest
  readonly tag: string
  /** What the tag stood for before, if anything: a push that was overtaken, or is sent again, does not fit any more. */
  readonly previous: Digest | null
  /** How many pushes of this tag there were before: with it no old push fits again. */
  readonly serial: number
  /** What the push is to be better at, if it has to pass the gate: a benchmark. */
  readonly target?: string
  /** It claims no more than to be as good with fewer bytes or operations. */
  readonly isSimpler?: true
}
/** “These keys speak for the namespace.” */
export interface NamespaceStatement {
  readonly type: typeof TYPES.namespace
  readonly namespace: string
  readonly keys: readonly PublicKey[]
  readonly threshold: number // so many of them must sign
  readonly serial: number // of the claim: 0 first
}
/**
 * “Run on these items of the benchmark, the two gave these answers.” Where the baseline is `NOTHING`, the digest of no bytes, the score is
 * one by itself: nothing gives no answer and scores 0, so that `better` counts the items that scored, `sum` is the sum of the scores,
 * and `answers.baseline` the root of none.
 */
export interface AttestationStatement {
  readonly type: typeof TYPES.attestation
  readonly candidate: Digest // artifact
  readonly baseline: Digest // artifact
  readonly benchmark: Digest // artifact
  /** The brain in which both were run in the place of a module, and that module; else each was run by itself. */
  readonly within?: { readonly brain: Digest; readonly module: ModuleName }
  readonly items: { readonly seed: number; readonly from: number; readonly count: number }
  readonly counts: { readonly better: number; readonly equal: number; readonly worse: number }
  /** Sum of the differences of scores, in units of 2⁻³², for metrics whose scores are not 0 or 1. */
  readonly sum: number
  /** Merkle roots (RFC 9162) of what each said to each item, as canonical JSON. */
  readonly answers: { readonly candidate: Digest; readonly baseline: Digest }
  readonly runner: string // version of the program, and its operation set
}

/** “I am here, and take work of this hub.” */
export interface WorkStatement {
  readonly type: typeof TYPES.work
  /** Whom it asks: at another hub the request is worth nothing. */
  readonly hub: PublicKey
  readonly at: number // milliseconds since 1970
  /** 16 random bytes in hexadecimal digits: none is taken twice. */
  readonly nonce: string
}

export const TYPES = {
  push: "urn:open-brains:push:1",
  namespace: "urn:open-brains:namespace:1",
  attestation: "urn:open-brains:attestation:1",
  work: "urn:open-brains:work:1",
} as const
const STATEMENT = "https://in-toto.io/Statement/v1"

export function printStatement(statement: Statement): Uint8Array {
  const { type, ...predicate } = statement
  const [name, digest] = subjectOf(statement)
  const json = {
    _type: STATEMENT,
    subject: [{ name, digest: { sha256: digest.slice("sha256:".length) } }],
    predicateType: type,
    predicate: JSON.parse(JSON.stringify(predicate)) as JsonObject,
  }
  return new TextEncoder().encode(canonicalJson(json))
}
/** A namespace or a request has no bytes: its subject is `NOTHING`, the digest of none. */
function subjectOf(statement: Statement): readonly [name: string, digest: Digest] {
  switch (statement.type) {
    case TYPES.push:
      return [repositoryOf(statement.module), statement.artifact]
    case TYPES.namespace:
      return [statement.namespace, NOTHING]
    case TYPES.attestation:
      return ["candidate", statement.candidate]
    case TYPES.work:
      return ["work", NOTHING]
    default:
      return statement satisfies never
  }
}

/** Errors: OB705 when its payload is no statement that this version reads, or its subject is not what the predicate is about. */
export function statementOf(envelope: Envelope): Statement {
  const reading = readingOf("The statement", "OB705", "Sign it again with this version of `brain`.")
  if (envelope.payloadType !== IN_TOTO) reading.fail("payloadType", `statement of in-toto (${IN_TOTO})`)
  const json = reading.object(jsonOf(envelope.payload, reading), "")
  if (json["_type"] !== STATEMENT) reading.fail("_type", STATEMENT)
  const statement = predicateOf(json["predicateType"], reading.object(json["predicate"], "predicate"), reading)
  // What others read of it is what we read of it, whatever their reader makes of members that come twice: a statement has one text.
  const text = printStatement(statement)
  if (text.length !== envelope.payload.length || text.some((byte, i) => byte !== envelope.payload[i]))
    reading.fail("", "statement as this version writes it")
  return statement
}

function predicateOf(type: Json | undefined, json: JsonObject, reading: Reading): Statement {
  const digest = (name: string): Digest => reading.digest(json[name], name)
  const moduleName = (value: Json | undefined, path: string): ModuleName => {
    const named = reading.object(value, path)
    const { namespace, name } = named
    if (typeof namespace !== "string" || typeof name !== "string" || !isName(namespace) || !isName(name))
      return reading.fail(path, "name of a module")
    return { namespace, name }
  }
  switch (type) {
    case TYPES.push: {
      const tag = reading.text(json["tag"], "tag", 128)
      if (!isTag(tag)) reading.fail("tag", "tag")
      const target = json["target"] === undefined ? undefined : reading.text(json["target"], "target", 512)
      if (target !== undefined && readReference(target) === undefined) reading.fail("target", "name of a benchmark")
      return {
        type,
        module: moduleName(json["module"], "module"),
        artifact: digest("artifact"),
        tag,
        previous: json["previous"] === null ? null : digest("previous"),
        serial: reading.whole(json["serial"], "serial"),
        ...(target === undefined ? {} : { target }),
        ...(json["isSimpler"] === true ? { isSimpler: true } : {}),
      }
    }
    case TYPES.namespace: {
      const namespace = reading.text(json["namespace"], "namespace", 64)
      if (!isName(namespace)) reading.fail("namespace", "name of a namespace")
      const keys = reading
        .list(json["keys"], "keys", 16)
        .map((each, i) => parsePublicKey(reading.text(each, `keys[${i}]`, 64)) ?? reading.fail(`keys[${i}]`, "key"))
      const threshold = reading.whole(json["threshold"], "threshold", keys.length)
      if (threshold === 0 || new Set(keys).size < keys.length) reading.fail("threshold", "number of different keys")
      return { type, namespace, keys, threshold, serial: reading.whole(json["serial"], "serial") }
    }
    case TYPES.attestation: {
      const items = reading.object(json["items"], "items")
      const counts = reading.object(json["counts"], "counts")
      const answers = reading.object(json["answers"], "answers")
      const within = json["within"] === undefined ? undefined : reading.object(json["within"], "within")
      const sum = json["sum"]
      if (typeof sum !== "number" || !Number.isSafeInteger(sum)) return reading.fail("sum", "whole number")
      const found: AttestationStatement = {
        type,
        candidate: digest("candidate"),
        baseline: digest("baseline"),
        benchmark: digest("benchmark"),
        ...(within
          ? {
              within: {
                brain: reading.digest(within["brain"], "within.brain"),
                module: moduleName(within["module"], "within.module"),
              },
            }
          : {}),
        items: {
          seed: reading.whole(items["seed"], "items.seed"),
          from: reading.whole(items["from"], "items.from", 2 ** 32),
          count: reading.whole(items["count"], "items.count", 2 ** 20),
        },
        counts: {
          better: reading.whole(counts["better"], "counts.better"),
          equal: reading.whole(counts["equal"], "counts.equal"),
          worse: reading.whole(counts["worse"], "counts.worse"),
        },
        sum,
        answers: {
          candidate: reading.digest(answers["candidate"], "answers.candidate"),
          baseline: reading.digest(answers["baseline"], "answers.baseline"),
        },
        runner: reading.line(json["runner"], "runner", 256),
      }
      const { better, equal, worse } = found.counts
      if (found.baseline === NOTHING) {
        if (worse > 0 || found.answers.baseline !== NOTHING) reading.fail("baseline", "nothing, which answers nothing")
        if (sum < better || sum > better * SCORE_ONE) reading.fail("sum", "sum of so many scores")
      }
      return better + equal + worse === found.items.count ? found : reading.fail("counts", "count of the items")
    }
    case TYPES.work: {
      const nonce = reading.text(json["nonce"], "nonce", 32)
      if (!/^[0-9a-f]{32}$/.test(nonce)) reading.fail("nonce", "nonce of 32 hexadecimal digits")
      const hub = parsePublicKey(reading.text(json["hub"], "hub", 64)) ?? reading.fail("hub", "key")
      return { type, hub, at: reading.whole(json["at"], "at"), nonce }
    }
    default:
      return reading.fail("predicateType", `predicate of ours: ${Object.values(TYPES).join(", ")}`)
  }
}
