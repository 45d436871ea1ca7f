import { type Digest, parseDigest } from "../base/digest.ts"
import { type Problem, refuse } from "../base/problem.ts"
import { shown } from "./shape.ts"

/** `namespace/name`: what a module is called among strangers. */
export interface ModuleName {
  readonly namespace: string
  readonly name: string
}
/** A module as somebody asks for it: by a tag, by a digest, or as it stands. */
export interface Reference extends ModuleName {
  readonly tag?: string
  readonly digest?: Digest
}

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/ // OCI distribution 1.1
export const NAME_MAX = 64
/** Moves freely; what is pushed without a word goes there. */
export const EDGE = "edge"
/** What others build on: of a module that somebody else's brain uses it moves through the gate alone. */
export const STABLE = "stable"

export const isName = (text: string): boolean => text.length <= NAME_MAX && NAME.test(text)
/** `sha256-…` is how registries without the API of referrers name those of a digest: no tag of a person's. */
export const isTag = (text: string): boolean => TAG.test(text) && !/^sha256-/.test(text)
export const repositoryOf = ({ namespace, name }: ModuleName): string => `${namespace}/${name}`

/** `namespace/name[:tag][@sha256:…]`, or nothing. */
export function readReference(text: string): Reference | undefined {
  const [, namespace = "", name = "", tag, hex] = /^([^/:@]*)\/([^/:@]*)(?::([^@]*))?(?:@(.*))?$/.exec(text) ?? []
  const digest = hex === undefined ? undefined : parseDigest(hex)
  if (!isName(namespace) || !isName(name) || (tag !== undefined && !isTag(tag))) return undefined
  if (hex !== undefined && digest === undefined) return undefined
  return { namespace, name, ...(tag === undefined ? {} : { tag }), ...(digest ? { digest } : {}) }
}

/** Errors: OB700. */
export const parseReference = (text: string): Reference => readReference(text) ?? refuse(notAReference(text))

const notAReference = (text: string): Problem => ({
  code: "OB700",
  seen: `\`${shown(text)}\` is no name of a module in a store.`,
  hint: `Write it like this: acme/intent, acme/intent:stable or acme/intent@sha256:… – small letters, digits and single hyphens, at most ${NAME_MAX} each.`,
})

export const printReference = ({ namespace, name, tag, digest }: Reference): string =>
  `${namespace}/${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`
