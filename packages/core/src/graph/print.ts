import { inOrder, type Node } from "./graph.ts"
import type { Outputs } from "./text.ts"

/** A graph as text to read, never read back: a value a line, inputs before their users, then what it gives. */
export function printGraph(outputs: Outputs): string {
  const order = inOrder(Object.values(outputs))
  const names = new Map(order.map((node, i) => [node, `%${i}`]))
  const width = Math.max(...order.map((node) => typeOf(node).length))
  const lines = order.map((node) => {
    const inputs = node.inputs.map((input) => names.get(input)!).join(", ")
    return `${names.get(node)!.padStart(5)}: ${typeOf(node).padEnd(width)} = ${node.operation}(${inputs})${attributesOf(node)}`
  })
  const given = Object.entries(outputs).map(([name, node]) => `gives ${name} = ${names.get(node)}`)
  return [...lines, ...given, ""].join("\n")
}

const typeOf = ({ dtype, shape }: Node): string => `${dtype}[${shape.join(", ")}]`

/** Plain attributes in full; a program or a body of a scan by what it is. */
function attributesOf({ attributes, dtype, shape }: Node): string {
  const shown = Object.entries(attributes as Readonly<Record<string, unknown>>).flatMap(([name, value]) => {
    if (name === "dtype" && value === dtype) return []
    if (name === "shape" && JSON.stringify(value) === JSON.stringify(shape)) return []
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return [`${name}: ${"name" in value ? String(value.name) : "…"}`]
    return [`${name}: ${JSON.stringify(value)}`]
  })
  return shown.length === 0 ? "" : ` { ${shown.join(", ")} }`
}
