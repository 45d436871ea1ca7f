import { counted } from "../base/words.ts"
import type { Signature } from "./signature.ts"
import type { LiteralSyntax, ParameterSyntax } from "./syntax.ts"
import { describe, misfit, type PortType } from "./types.ts"

/** The value of a parameter: what was written, or a module. */
export type Argument = { readonly literal: LiteralSyntax } | { readonly signature: Signature | undefined }
export type Arguments = ReadonlyMap<string, Argument>

/** A literal as the value of a parameter; `refuse` is told why it is none. */
export function fit(literal: LiteralSyntax, type: PortType, refuse: (why: string) => undefined): Argument | undefined {
  const own: PortType =
    literal.kind === "text"
      ? { type: "text", bytesMax: Math.max(1, new TextEncoder().encode(literal.text).length) }
      : literal.kind === "number"
        ? { type: "number", least: literal.value, most: literal.value }
        : { type: "label", labels: [literal.label] }
  const why = misfit(own, type)
  return why === undefined ? { literal } : refuse(why)
}
/** Why a module is not what a parameter asks for; nothing when it is. */
export function unlike(
  signature: Signature,
  wanted: Extract<ParameterSyntax["type"], { readonly type: "module" }>,
): string | undefined {
  if (signature.takes.length !== wanted.takes.length)
    return `takes ${counted(signature.takes.length, "input")}, not ${wanted.takes.length}`
  for (const [i, { type }] of signature.takes.entries()) {
    const why = misfit(wanted.takes[i]!, type)
    if (why !== undefined) return `takes something else: ${why}`
  }
  if (signature.gives.length !== 1) return `gives ${counted(signature.gives.length, "output")}, not one`
  const why = misfit(signature.gives[0]!.type, wanted.gives)
  return why === undefined ? undefined : `gives something else: ${why}`
}
/** A value such as a parameter takes. */
export function sample(type: ParameterSyntax["type"]): string {
  switch (type.type) {
    case "text":
      return '"Hello"'
    case "number":
      return `${Math.min(Math.max(type.least, 1), type.most)}`
    case "label":
      return `label ${type.labels[0]}`
    case "module":
      return "intent"
    default:
      return describe(type)
  }
}
