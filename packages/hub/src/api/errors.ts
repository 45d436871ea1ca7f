import { type Problem, Refusal } from "@open-brains/core/base/problem.ts"
import { Type } from "typebox"

/** What the hub refuses, with the status that HTTP has for it. */
export const STATUS: Readonly<Record<string, number>> = {
  OB730: 400,
  OB731: 404,
  OB732: 409,
  OB733: 403,
  OB734: 409,
  OB735: 422,
  OB736: 429,
  OB737: 404,
  OB741: 429,
  OB744: 403,
  OB745: 409,
  OB746: 403,
}
/** What core finds in a body that cannot be read. */
const UNREADABLE = 422
export const statusOf = ({ code }: Problem): number => STATUS[code] ?? UNREADABLE

/** A refusal, and what stands now, for whoever wants to try again. */
export interface HubRefusal extends Refusal {
  readonly state?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
export function refuseWith(
  problem: Problem,
  more: { readonly state?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): never {
  throw Object.assign(new Refusal([problem]), more)
}

export const ProblemSchema = Type.Object(
  {
    code: Type.String({ pattern: "^OB[0-9]{3}$" }),
    seen: Type.String(),
    hint: Type.String(),
    state: Type.Optional(Type.Unknown()),
  },
  { title: "Problem" },
)

export const nothingThere = (
  what: string,
  hint = "Look for it: brain search WORDS, or GET /api/v1/search?q=WORDS",
): never => refuseWith({ code: "OB737", seen: `There is no ${what} here.`, hint })
