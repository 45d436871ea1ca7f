import type { CodeDeclaration, Limits, RemoteDeclaration } from "@open-brains/core/composition/parts.ts"
import type { Port, PortType } from "@open-brains/core/composition/types.ts"

export const TEXT: PortType = { type: "text", bytesMax: 1000 }
export const ports = (types: Readonly<Record<string, PortType>>): readonly Port[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }))

interface Declared {
  readonly takes?: Readonly<Record<string, PortType>>
  readonly gives?: Readonly<Record<string, PortType>>
  readonly limits?: Limits
}
const common = ({ takes = { message: TEXT }, gives = { reply: TEXT }, limits = {} }: Declared) => ({
  ...{ name: "part", about: "A part", licence: "CC0-1.0", benchmarks: [] },
  ...{ takes: ports(takes), gives: ports(gives), limits },
})
export const declareCode = (
  declared: Declared & { readonly language?: "javascript" | "wasm" } = {},
): CodeDeclaration => {
  const language = declared.language ?? "javascript"
  return { kind: "code", ...common(declared), file: language === "wasm" ? "rules.wasm" : "rules.js", language }
}
export const declareRemote = (
  declared: Declared & Partial<Omit<RemoteDeclaration, "takes" | "gives" | "limits">>,
): RemoteDeclaration => {
  const { takes: _, gives: __, limits: ___, ...own } = declared
  return { kind: "remote", endpoint: "http://127.0.0.1:1/", protocol: "http", ...own, ...common(declared) }
}
