import type { Problem } from "../base/problem.ts"
import { suggest } from "../base/problem.ts"
import type { Node, Rule } from "./composition.ts"
import type { Typed } from "./signature.ts"
import type { BrainSyntax, Place, RuleSyntax } from "./syntax.ts"
import type { PortType } from "./types.ts"

type Report = (at: Place, code: Problem["code"], seen: string, hint: string) => void
interface RuledOutput extends Typed {
  readonly wanted: PortType | undefined
}

/** Whether a text holds another, capitals of ASCII or not: no host's table of letters decides. */
export const holds = (text: string, part: string): boolean => folded(text).includes(folded(part))
const folded = (text: string): string => text.replace(/[A-Z]/g, (capital) => capital.toLowerCase())

/** The rules of a brain by output. Problems: OB601, OB607, OB621. */
export function checkRules(
  brain: BrainSyntax,
  outputs: readonly RuledOutput[],
  nodes: readonly Node[],
  report: Report,
): readonly Rule[] {
  const rules: Rule[] = []
  const texts: RuleSyntax[] = []
  for (const rule of brain.rules) {
    const output = brain.gives.findIndex(({ name }) => name.text === rule.output.text)
    if (output < 0) {
      const known = brain.gives.map(({ name }) => name.text)
      report(rule.output, "OB601", `There is no output \`${rule.output.text}\`.`, suggest(rule.output.text, known))
      continue
    }
    const type = outputs[output]!.wanted
    if (type !== undefined && type.type !== "text")
      report(rule.output, "OB607", `\`${rule.output.text}\` is no text.`, "Only a text contains words.")
    const against = texts.find(
      (other) => other.kind !== rule.kind && other.output.text === rule.output.text && clash(other, rule),
    )
    if (against)
      report(
        rule.text,
        "OB621",
        `No answer keeps both: "${rule.text.text}" is ${said(rule)} here, and "${against.text.text}" ${said(against)}.`,
        "Take one of the two out.",
      )
    texts.push(rule)
    rules.push({ kind: rule.kind, text: rule.text.text, output })
    for (const text of against ? [] : certainTexts(nodes, outputs[output]!.node)) {
      if (holds(text, rule.text.text) === (rule.kind === "require")) continue
      report(
        rule.text,
        "OB621",
        `"${rule.text.text}" is ${said(rule)}, and \`${rule.output.text}\` may be "${text.slice(0, 60)}".`,
        rule.kind === "require" ? "Put the word into that text." : "Take the word out of that text.",
      )
      break
    }
  }
  return rules
}
const said = ({ kind }: RuleSyntax): string => (kind === "require" ? "required" : "forbidden")
const clash = (a: RuleSyntax, b: RuleSyntax): boolean => {
  const [required, forbidden] = a.kind === "require" ? [a, b] : [b, a]
  return holds(required.text.text, forbidden.text.text)
}

/** The fixed texts that a value may come to, whatever the parts answer. */
function certainTexts(nodes: readonly Node[], root: number): readonly string[] {
  const found: string[] = []
  const seen = new Set<number>()
  const open = [root]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const node = nodes[at]
    if (node === undefined || seen.has(at)) continue
    seen.add(at)
    if (node.op === "literal" && typeof node.value === "string") found.push(node.value)
    else if (node.op === "route")
      open.push(...node.branches, ...[node.unsure, node.otherwise].filter((each) => each !== undefined))
    else if (node.op === "first") open.push(...node.alternatives)
    else if (node.op === "within") open.push(node.of)
  }
  return found
}
