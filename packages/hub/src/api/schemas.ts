import { Type } from "typebox"

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
