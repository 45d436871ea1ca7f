import { CANDIDATE_STATES, VERDICT_KINDS } from "@open-brains/core/commons/candidate.ts"
import { type TSchema, Type } from "typebox"

const NAME = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
export const Name = Type.String({ pattern: NAME, maxLength: 64 })
export const DigestText = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" })
export const KeyText = Type.String({ pattern: "^ed25519:[A-Za-z0-9_-]{43}$" })
export const ModuleText = Type.String({ description: "namespace/name" })
export const Count = Type.Integer({ minimum: 0 })

export const ModuleParams = Type.Object({ namespace: Name, name: Name })
export const NamespaceParams = Type.Object({ namespace: Name })
export const Page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  after: Type.Optional(Type.String({ maxLength: 200 })),
}

export const NamespaceSchema = Type.Object(
  { namespace: Name, keys: Type.Array(KeyText), threshold: Count, serial: Count },
  { title: "Namespace" },
)
export const TagSchema = Type.Object({ tag: Type.String(), artifact: DigestText, serial: Count }, { title: "Tag" })
export const PushedSchema = Type.Object(
  { moved: Type.Boolean(), artifact: DigestText, tag: Type.String(), serial: Count, index: Count },
  { title: "Pushed" },
)
export const CandidateMadeSchema = Type.Object({ candidate: Count, index: Count }, { title: "CandidateMade" })
export const FoundSchema = Type.Object(
  {
    module: ModuleText,
    kind: Type.String(),
    about: Type.String(),
    licence: Type.String(),
    artifact: DigestText,
    bytes: Count,
    dependents: Count,
  },
  { title: "Found" },
)
const PassSchema = Type.Object({ module: ModuleText, artifact: DigestText, key: KeyText }, { title: "Pass" })
export const ModuleSchema = Type.Object(
  {
    module: ModuleText,
    artifact: DigestText,
    card: Type.Unknown(),
    tags: Type.Array(TagSchema),
    signers: Type.Array(KeyText),
    uses: Type.Array(Type.Object({ name: Type.String(), artifact: DigestText })),
    dependents: Count,
    passes: Type.Array(PassSchema, { description: "benchmarks that it was shown to pass" }),
    passedBy: Type.Array(PassSchema, { description: "modules that were shown to pass it" }),
  },
  { title: "Module" },
)
export const AttestationSchema = Type.Object(
  {
    envelope: DigestText,
    candidate: DigestText,
    baseline: DigestText,
    benchmark: DigestText,
    key: KeyText,
    counts: Type.Object({ better: Count, equal: Count, worse: Count }),
  },
  { title: "Attestation" },
)

const Place = Type.Object({ repository: ModuleText, artifact: DigestText })
const AskedBenchmark = {
  benchmark: Place,
  within: Type.Optional(Type.Object({ brain: Place, module: ModuleParams })),
}
const Compared = {
  id: Count,
  candidate: Place,
  baseline: Place,
  anchor: Type.Optional(Place),
}
export const LeasedSchema = Type.Object(
  {
    job: Type.Union([
      Type.Object({
        kind: Type.Literal("check"),
        ...Compared,
        isSimpler: Type.Boolean(),
        benchmarks: Type.Array(Type.Object(AskedBenchmark)),
      }),
      Type.Object({
        kind: Type.Literal("items"),
        ...Compared,
        ...AskedBenchmark,
        items: Type.Object({ seed: Count, from: Count, count: Count }),
      }),
    ]),
    leaseUntil: Count,
  },
  { title: "Leased" },
)
export const WorkerSchema = Type.Object(
  { key: KeyText, isPresent: Type.Boolean(), results: Count, marks: Count },
  { title: "Worker" },
)
const OrNull = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()])
const Evidence = Type.Object({ noHarm: Type.Number(), gain: Type.Number(), harm: Type.Number() })
export const CandidateSchema = Type.Object(
  {
    candidate: Count,
    module: ModuleText,
    tag: Type.String(),
    artifact: DigestText,
    baseline: DigestText,
    anchor: DigestText,
    target: OrNull(Type.String()),
    isSimpler: Type.Boolean(),
    attempt: Count,
    accepted: Count,
    state: Type.Union(CANDIDATE_STATES.map((state) => Type.Literal(state))),
    waitsFor: OrNull(Type.String()),
    verdict: OrNull(
      Type.Object({
        kind: Type.Union(VERDICT_KINDS.map((kind) => Type.Literal(kind))),
        because: Type.String(),
        benchmark: OrNull(Type.String()),
        items: Count,
      }),
    ),
    benchmarks: Type.Array(
      Type.Object({
        name: ModuleText,
        artifact: DigestText,
        weight: Type.Number(),
        margin: Type.Number(),
        items: Count,
        better: Count,
        equal: Count,
        worse: Count,
        mean: OrNull(Type.Number()),
        evidence: Evidence,
      }),
    ),
    leftOut: Type.Array(Type.Object({ name: Type.String(), because: Type.String() })),
    needed: OrNull(Evidence),
    workers: Type.Object({ present: Count, needed: Count }),
    jobs: Type.Object({ open: Count, done: Count }),
    checkpoint: Type.String({ description: "The log as it was signed right after the push" }),
    seed: Type.Integer({ minimum: 0, description: "First 32 bits of SHA-256(artifact, newline, SHA-256(checkpoint))" }),
  },
  { title: "Candidate" },
)
