import { namesIn } from "./braces.ts"
import type { ExpressionSyntax, Place, ValueSyntax, Word } from "./syntax.ts"

/** A name that an expression mentions, and whether it asks it as a part. */
export interface Mention extends Word {
  readonly isAsked: boolean
}
/** The names that an expression mentions, with its places: of values, of parts, and in braces. */
export function mentions(expression: ExpressionSyntax, own?: string): readonly Mention[] {
  const found: Mention[] = []
  eachMention(expression, (text, { start, end }, isAsked) => {
    if (text !== own) found.push({ text, start, end, isAsked })
  })
  return found
}

/** The same, told one by one: large brains have many, and mostly their names alone are asked for. */
function eachMention(expression: ExpressionSyntax, tell: (text: string, place: Place, isAsked: boolean) => void): void {
  const add = (text: string, place: Place, isAsked = false): void => tell(text, place, isAsked)
  const visit = (each: ExpressionSyntax): void => {
    switch (each.kind) {
      case "text":
        if (each.pieces)
          for (const { kind, text } of each.pieces === "unpaired" ? namesIn(each.text) : each.pieces)
            if (kind === "name") add(text, each)
        return
      case "number":
      case "label":
      case "unsure":
        return
      case "name":
        add(each.name, each)
        return
      case "field":
        add(each.of.text, each.of)
        return
      case "call":
        add(each.part.text, each.part, true)
        for (const input of each.inputs) visit(input)
        return
      case "route":
        add(each.on.text, each.on)
        for (const { value } of each.cases) if (value.kind !== "text" || value.pieces) visit(value)
        if (each.otherwise) visit(each.otherwise.value)
        return
      case "first":
        for (const alternative of each.alternatives) visit(alternative)
        return
      case "mix":
        for (const { value } of each.experts) visit(value)
        return
      case "repeat":
        visit(each.begin)
        visit(each.then)
        visit(each.until.value)
        return
      case "within":
        visit(each.of)
        return
      default:
        each satisfies never
    }
  }
  visit(expression)
}

/** The places of values that each value needs; within a `repeat` its own name stands for the value so far. */
export function neededIn(
  values: readonly ValueSyntax[],
  places: ReadonlyMap<string, number>,
): readonly (readonly number[])[] {
  return values.map(({ name, value, mentioned }) => {
    const needed: number[] = []
    for (const text of mentioned) {
      const place = text === name.text && value.kind === "repeat" ? undefined : places.get(text)
      if (place !== undefined) needed.push(place)
    }
    return needed
  })
}

/** Places of values so that each comes after those that it needs; `cycles` has one of each circle, by the names on its way. */
export function inOrder(needed: readonly (readonly number[])[]): {
  readonly order: readonly number[]
  readonly cycles: readonly (readonly number[])[]
} {
  const state = new Uint8Array(needed.length) // 0 new, 1 on the way, 2 done
  const order: number[] = []
  const cycles: number[][] = []
  for (let root = 0; root < needed.length; root++) {
    if (state[root] !== 0) continue
    const way = [{ at: root, next: 0 }]
    state[root] = 1
    while (way.length > 0) {
      const top = way.at(-1)!
      const other = needed[top.at]![top.next++]
      if (other === undefined) {
        state[top.at] = 2
        order.push(top.at)
        way.pop()
      } else if (state[other] === 0) {
        state[other] = 1
        way.push({ at: other, next: 0 })
      } else if (state[other] === 1) cycles.push(way.slice(way.findIndex(({ at }) => at === other)).map(({ at }) => at))
    }
  }
  return { order, cycles }
}
