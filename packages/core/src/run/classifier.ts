import type { Numbers } from "../base/dtype.ts"
import { refuse } from "../base/problem.ts"
import { sizeOf } from "../base/shape.ts"
import { compileGraph } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { inOrder, isNode } from "../graph/graph.ts"
import { TEMPERATURE_ONE } from "../graph/temperature.ts"
import type { Outputs } from "../graph/text.ts"
import { PREPARE } from "../link/link.ts"

/** What answers: a graph with its weights, and the names of its labels. */
export interface ClassifierParts {
  readonly graph: Outputs
  readonly weights: Readonly<Record<string, { readonly data: Numbers }>>
  readonly labels: readonly string[]
  /** In 1/256 bit of evidence. */
  readonly unsureBelow: number
}
export interface Answer {
  /** The label, or nothing when none is likely enough: the text may fit no label. */
  readonly label: string | undefined
  /** Every label is a guess; this is the best one, sure or not. */
  readonly guess: string
  /** Of the guess, in 0 … 1: a multiple of 2⁻¹⁶. */
  readonly probability: number
  /** What speaks for the guess, in bits: its logit, a multiple of 1/256. With less than is needed the answer is unsure. */
  readonly evidence: number
  readonly needed: number
  /** The bytes of the text that were not read, if it was longer than the module reads. */
  readonly bytesCut: number
  /** The correction without which the net would have answered otherwise, or which is of this very text. */
  readonly because?: Because
}
/** A correction that decided an answer; lessons count from 1, oldest first. */
export interface Because {
  readonly lesson: number
  readonly text: string
  /** Nothing when the person said that no label fits. */
  readonly label: string | undefined
}
/** The numbers behind an answer, as the program gave them: compare these between engines. */
export interface RawAnswer {
  readonly label: number
  readonly logits: Int16Array
  readonly probability: Uint16Array
}
export interface Classifier {
  readonly labels: readonly string[]
  ask(text: string): Answer
  /** The likeliest labels for the text that was asked last. */
  ranking(count: number): readonly { readonly label: string; readonly probability: number }[]
  /** Of the label at a place, for the text that was asked last. */
  probabilityOf(place: number): number
  /** Runs on bytes as they are, UTF-8 or not. The arrays are the program's own and change with the next call. */
  run(bytes: Uint8Array): RawAnswer
  /** Of the net, for what was asked or run last: the program's own array. */
  readonly logits: Int16Array
  /** The factor of the logits on the way to probabilities, in units of TEMPERATURE_ONE. */
  readonly temperature: number
}

/** Puts a classifier on an engine. Errors, here or at an answer: OB230 when graph, weights and labels do not belong together. */
export function openClassifier({ graph, weights, labels, unsureBelow }: ClassifierParts, engine: Engine): Classifier {
  const wanted = { label: ["i32", 1], logits: ["i16", labels.length], probability: ["u16", labels.length] } as const
  for (const [name, [dtype, length]] of Object.entries(wanted)) {
    const output = graph[name]
    if (!output || output.dtype !== dtype || sizeOf(output.shape) !== length)
      unfit(
        `its graph gives ${output ? `${name} ${output.dtype}[${output.shape}]` : `no ${name}`} for ${labels.length} labels`,
      )
  }
  const { memory, run, entries } = compileGraph({ name: "predict", outputs: graph, prepares: true }, engine)
  for (const node of inOrder(Object.values(graph))) {
    if (!isNode(node, "weight")) continue
    const { name } = node.attributes
    const data = weights[name]?.data
    if (!data || data.constructor !== memory[name]!.constructor || data.length !== memory[name]!.length)
      return unfit(`weight \`${name}\` is ${data ? `${data.constructor.name}[${data.length}]` : "absent"}`)
    memory[name]!.set(data)
  }
  entries[PREPARE]?.()
  const { text, length } = memory
  if (!(text instanceof Uint8Array) || !(length instanceof Int32Array) || length.length !== 1)
    return unfit("its graph does not take a text")
  const raw = { logits: memory["logits"] as Int16Array, probability: memory["probability"] as Uint16Array }
  const best = memory["label"] as Int32Array
  const encoder = new TextEncoder()

  const answer = (bytesCut: number): Answer => {
    const guess = best[0]!
    const name = labels[guess] ?? unfit(`it answers label ${guess} of ${labels.length}`)
    const [likely, evidence] = [raw.probability[guess]!, raw.logits[guess]!]
    return {
      label: evidence >= unsureBelow ? name : undefined,
      guess: name,
      probability: likely / 65536,
      evidence: evidence / 256,
      needed: unsureBelow / 256,
      bytesCut,
    }
  }
  return {
    labels,
    logits: raw.logits,
    temperature: weights["temperature"]?.data[0] ?? TEMPERATURE_ONE,
    ask(question) {
      const { read, written } = encoder.encodeInto(question, text)
      length[0] = written
      text.fill(0, written)
      run()
      return answer(read < question.length ? encoder.encode(question.slice(read)).length : 0)
    },
    ranking: (count) =>
      Array.from(labels, (label, i) => ({ label, probability: raw.probability[i]! / 65536, logit: raw.logits[i]! }))
        .sort((a, b) => b.logit - a.logit)
        .slice(0, count)
        .map(({ label, probability }) => ({ label, probability })),
    // Of the whole that the module gave out: nobody scores better by promising every label.
    probabilityOf: (place) =>
      raw.probability[place]! /
      Math.max(
        1,
        raw.probability.reduce((sum, p) => sum + p, 0),
      ),
    run(bytes) {
      text.set(bytes.subarray(0, text.length))
      length[0] = Math.min(bytes.length, text.length)
      text.fill(0, bytes.length)
      run()
      return { label: best[0]!, ...raw }
    },
  }
}

const unfit = (seen: string): never =>
  refuse({
    code: "OB230",
    seen: `This module does not answer texts with labels: ${seen}.`,
    hint: "Rebuild it, or take another copy.",
  })
