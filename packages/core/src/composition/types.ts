import { counted } from "../base/words.ts"

/** What a port carries. */
export type PortType =
  | { readonly type: "text"; readonly bytesMax: number } // UTF-8
  | { readonly type: "bytes"; readonly bytesMax: number }
  | { readonly type: "label"; readonly labels: readonly string[] }
  | { readonly type: "number"; readonly least: number; readonly most: number } // f64, both ends included
  | { readonly type: "vector"; readonly length: number } // f32
  | { readonly type: "record"; readonly fields: readonly Port[] }
  | { readonly type: "stream"; readonly of: PortType; readonly hz: number }

export interface Port {
  readonly name: string
  readonly type: PortType
}

/** A number that nobody bounded. */
export const FINITE = { least: -Number.MAX_VALUE, most: Number.MAX_VALUE } as const

/** What a brain sees of a port: of a stream one after the other. */
export const elementOf = (type: PortType): PortType => (type.type === "stream" ? type.of : type)

/** Why what one port gives does not fit what another takes; nothing when it does. */
export function misfit(given: PortType, taken: PortType): string | undefined {
  if (given.type !== taken.type) return `${describe(given)} is no ${taken.type}`
  switch (given.type) {
    case "text":
    case "bytes": {
      const { bytesMax } = taken as typeof given
      return given.bytesMax > bytesMax ? `it may be longer than ${bytesMax} bytes` : undefined
    }
    case "label": {
      const known = new Set((taken as typeof given).labels)
      const stray = given.labels.filter((label) => !known.has(label))
      if (stray.length === 0) return undefined
      return `it may be ${listed(stray)}, which ${stray.length === 1 ? "is" : "are"} not among ${listed([...known])}`
    }
    case "number": {
      const { least, most } = taken as typeof given
      return given.least < least || given.most > most ? `it may leave ${range(least, most)}` : undefined
    }
    case "vector": {
      const { length } = taken as typeof given
      return given.length === length ? undefined : `it has not ${counted(length, "number")}`
    }
    case "record": {
      const fields = new Map(given.fields.map(({ name, type }) => [name, type]))
      for (const { name, type } of (taken as typeof given).fields) {
        const found = fields.get(name)
        if (found === undefined) return `it has no field \`${name}\``
        const why = misfit(found, type)
        if (why !== undefined) return `of its field \`${name}\`: ${why}`
      }
      return undefined
    }
    case "stream": {
      const { of, hz } = taken as typeof given
      return given.hz === hz ? misfit(given.of, of) : `it comes at ${given.hz} hz, not ${hz}`
    }
    default:
      return given satisfies never
  }
}

/** As the language writes it; long sets of labels are cut. */
export function describe(type: PortType): string {
  switch (type.type) {
    case "text":
      return `text up to ${type.bytesMax} bytes`
    case "bytes":
      return `bytes up to ${type.bytesMax}`
    case "label":
      return `label { ${listed(type.labels)} }`
    case "number":
      return type.least === FINITE.least && type.most === FINITE.most
        ? "number"
        : `number ${range(type.least, type.most)}`
    case "vector":
      return `vector of ${type.length} numbers`
    case "record":
      return `record { ${type.fields.map(({ name, type: of }) => `${name}: ${describe(of)}`).join(" ")} }`
    case "stream":
      return `stream of ${describe(type.of)} at ${type.hz} hz`
    default:
      return type satisfies never
  }
}

const range = (least: number, most: number): string => `from ${least} to ${most}`
const SHOWN = 6
const listed = (labels: readonly string[]): string =>
  labels.slice(0, SHOWN).join(" ") + (labels.length > SHOWN ? ` … (${labels.length})` : "")
