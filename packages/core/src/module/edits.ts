import { DTYPE } from "../base/dtype.ts"
import { canonicalJson, isJsonList, isJsonObject, type Json } from "../base/json.ts"
import { refuse, suggest } from "../base/problem.ts"
import type { Tensor } from "./safetensors.ts"
import { LIMITS } from "./values.ts"

/** The part of a net that was edited by hand: what was changed of the net that its manifest names. */
export const EDITS = "edits.json"

/** One change by hand. Weights are counted as they are stored: `brain show` lists them. */
export type Edit =
  | { readonly edit: "weight"; readonly name: string; readonly at: readonly number[]; readonly to: number }
  | { readonly edit: "scale"; readonly name: string; readonly by: number }
  /** What labels are called from then on, all at once: two may change places. */
  | { readonly edit: "labels"; readonly called: readonly (readonly [old: string, now: string])[] }

export interface Edited {
  readonly weights: Readonly<Record<string, Tensor>>
  readonly labels: readonly string[]
}

/**
 * Weights and labels with edits made, in their order. Whole numbers that are scaled are rounded to the nearest, halves up.
 * Errors: OB763 when there is no such weight, place or label, a value is none of its dtype, or two labels are called the same.
 */
export function applyEdits(before: Edited, edits: readonly Edit[]): Edited {
  let now = before
  for (const edit of edits) now = edited(now, edit)
  return now
}
function edited(now: Edited, edit: Edit): Edited {
  switch (edit.edit) {
    case "weight": {
      const tensor = tensorOf(now, edit.name)
      const data = tensor.data.slice()
      data[placeIn(edit.name, tensor, edit.at)] = fitting(edit.name, tensor, edit.to)
      return withTensor(now, edit.name, { ...tensor, data })
    }
    case "scale": {
      const tensor = tensorOf(now, edit.name)
      const isWhole = DTYPE[tensor.dtype].range !== undefined
      const data = tensor.data.slice()
      for (let i = 0; i < data.length; i++) {
        const scaled = tensor.data[i]! * edit.by
        data[i] = fitting(edit.name, tensor, isWhole ? Math.round(scaled) : scaled)
      }
      return withTensor(now, edit.name, { ...tensor, data })
    }
    case "labels":
      return { ...now, labels: renamed(now.labels, new Map(edit.called)) }
    default:
      return edit satisfies never
  }
}
const withTensor = ({ weights, labels }: Edited, name: string, tensor: Tensor): Edited => ({
  weights: { ...weights, [name]: tensor },
  labels,
})
function tensorOf({ weights }: Edited, name: string): Tensor {
  const found = Object.hasOwn(weights, name) ? weights[name] : undefined
  return found ?? unfit(`There is no weight \`${name}\``, suggest(name, Object.keys(weights)))
}
function placeIn(name: string, { shape }: Tensor, at: readonly number[]): number {
  const isInside =
    at.length === shape.length && at.every((place, i) => Number.isInteger(place) && place >= 0 && place < shape[i]!)
  if (!isInside)
    unfit(
      `\`${name}\` has no place ${at.join(",") || "without a number"}: it is [${shape.join(", ")}]`,
      `Name one number for each axis, from 0: --at ${shape.map(() => 0).join(",")}`,
    )
  return at.reduce((place, each, i) => place * shape[i]! + each, 0)
}
function fitting(name: string, { dtype }: Tensor, value: number): number {
  const { range } = DTYPE[dtype]
  const fits = range
    ? Number.isInteger(value) && value >= range[0] && value <= range[1]
    : Number.isFinite(Math.fround(value))
  return fits
    ? value
    : unfit(
        `${value} is no ${dtype}, which \`${name}\` holds`,
        range ? `Take a whole number from ${range[0]} to ${range[1]}.` : "Take a finite number.",
      )
}
function renamed(labels: readonly string[], called: ReadonlyMap<string, string>): readonly string[] {
  for (const old of called.keys())
    if (!labels.includes(old)) unfit(`There is no label \`${old}\``, suggest(old, labels))
  const now = labels.map((label) => called.get(label) ?? label)
  const twice = now.find((label, i) => now.indexOf(label) !== i)
  return twice === undefined ? now : unfit(`Two labels would be called \`${twice}\``, "Give each a name of its own.")
}
const unfit = (seen: string, hint: string): never => refuse({ code: "OB763", seen: `${seen}.`, hint })

export const printEdits = (edits: readonly Edit[]): string =>
  `${canonicalJson({ edits: JSON.parse(JSON.stringify(edits)) as Json })}\n`

const EDITS_MAX = 10_000
/** Errors: OB764 when it is no list of edits. */
export function parseEdits(text: string): readonly Edit[] {
  let json: Json | undefined
  try {
    json = JSON.parse(text) as Json
  } catch {}
  const list = isJsonObject(json) ? json["edits"] : undefined
  const edits = isJsonList(list) && list.length <= EDITS_MAX ? list.map(editOf) : []
  return edits.length > 0 && edits.every((each) => each !== undefined)
    ? edits
    : refuse({
        code: "OB764",
        seen: `${EDITS} is no list of edits that this version knows.`,
        hint: "Take another copy of the module, or edit its base again: brain edit.",
      })
}
function editOf(json: Json): Edit | undefined {
  if (!isJsonObject(json)) return undefined
  const { edit, name, at, to, by, called } = json
  const isNumber = (value: Json | undefined): value is number => typeof value === "number"
  if (edit === "labels") {
    if (!isJsonList(called) || called.length === 0 || called.length > LIMITS.labels) return undefined
    const pairs = called.flatMap((pair): (readonly [string, string])[] =>
      isJsonList(pair) && pair.length === 2 && typeof pair[0] === "string" && typeof pair[1] === "string"
        ? [[pair[0], pair[1]]]
        : [],
    )
    return pairs.length === called.length ? { edit, called: pairs } : undefined
  }
  if (typeof name !== "string") return undefined
  if (edit === "scale" && isNumber(by)) return { edit, name, by }
  if (edit === "weight" && isJsonList(at) && at.every(isNumber) && isNumber(to)) return { edit, name, at, to }
  return undefined
}
