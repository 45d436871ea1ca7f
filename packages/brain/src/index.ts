/** The library: everything that the `brain` command does, as functions. */

export { type Problem, Refusal } from "@open-brains/core/base/problem.ts"
export type { Composition } from "@open-brains/core/composition/composition.ts"
export type { CodeDeclaration, RemoteDeclaration } from "@open-brains/core/composition/parts.ts"
export type { Correction } from "@open-brains/core/memory/corrections.ts"
export type { Answer, Because, Classifier } from "@open-brains/core/run/classifier.ts"
export type { BrainAnswer, Inputs, OpenBrain, TracedAnswer } from "@open-brains/core/run/composed.ts"
export type { Cutoff, LabelValue, Nothing, Outcome, Part, RecordValue, Value } from "@open-brains/core/run/part.ts"
export type { Mark, Predictor } from "@open-brains/core/run/predictor.ts"
export type { Example } from "@open-brains/core/train/examples.ts"
export { type Judgement, type JudgeOptions, judge } from "./benchmarks/judge.ts"
export { type ComposeOptions, checkBrain, compose } from "./brains/compose.ts"
export { CODE_LIMITS, openCode } from "./code/open.ts"
export { readExamples } from "./data/read.ts"
export type { OpenExample, PlacedExample } from "./data/split.ts"
export type { EditionTrial } from "./editions.ts"
export { place } from "./examples.ts"
export {
  type ExplainedGram,
  type ExplainedRow,
  type ExplainedWord,
  type ExplainOptions,
  type Explanation,
  explain,
} from "./explain.ts"
export {
  type Contradiction,
  type CorrectedModule,
  correct,
  type ListedLesson,
  lessonsOf,
  type Undone,
  undo,
} from "./lessons.ts"
export { type Brain, load } from "./load.ts"
export { type Choice, chooseEngine } from "./native/choice.ts"
export type { EngineName } from "./native/engines.ts"
export { examineMachine, type MachineFindings } from "./native/examine.ts"
export { type Rebuilt, rebuild } from "./rebuild.ts"
export { type RebuildOnOptions, type RebuiltOn, rebuildOn } from "./rebuild_on.ts"
export { openRemote, REMOTE_LIMITS, type RemoteOptions } from "./remote/open.ts"
export { openTranscript, type Recorded, type Transcript, type Usage } from "./remote/transcript.ts"
export { type Report, score } from "./report.ts"
export { type ExplainedByte, type ExplainedExpert, explainByte } from "./scribe/explain_byte.ts"
export { type Generated, type GenerateOptions, generate } from "./scribe/generate.ts"
export { identityOf } from "./scribe/identity.ts"
export { openScribe, type Scribe, type ScribeOptions } from "./scribe/open.ts"
export { type Packed, type PackOptions, packFile, unpackFile } from "./scribe/pack.ts"
export { type ReadIn, readIn } from "./scribe/read_in.ts"
export { type LearntText, type TaughtScribe, type TeachScribeOptions, teachScribe } from "./scribe/teach.ts"
export { lessonsOfScribe, type UndoneLesson, undoScribe } from "./scribe/undo.ts"
export { BOUNDARY, type Utf8State, utf8StateOf } from "./scribe/utf8.ts"
export { type ExpertWorth, type Worth, worthOf } from "./scribe/worth.ts"
export { type Companion, type CompletionOptions, companionOf } from "./scribe/write/complete.ts"
export type { Plan, Search } from "./search.ts"
export { type Added, type AddOptions, add, look, type Offer, pull, take } from "./sharing/add.ts"
export { type Pushed, type PushOptions, push } from "./sharing/push.ts"
export type { Signed, SignedPush } from "./sharing/signatures.ts"
export { type Decided, type Newer, type Updated, type UpdateOptions, update } from "./sharing/update.ts"
export { clockMs } from "./streams/control.ts"
export { bucketOf, endOf, HISTOGRAM_BYTES, quantileOf } from "./streams/histogram.ts"
export { readStreamModule, type StreamModule } from "./streams/module.ts"
export { type Paced, pace } from "./streams/pace.ts"
export { pusherOf } from "./streams/ring.ts"
export { openStepper, type Stepper } from "./streams/stepper.ts"
export {
  type Ended,
  type Output,
  openStream,
  type Stream,
  type StreamOptions,
  type StreamStats,
} from "./streams/stream.ts"
export { type Lesson, type TeachOptions, teachModule as teach } from "./teach.ts"
export { widenVectors } from "./wide.ts"
export { type LabelExpertWorth, type LabelWorth, worthOfLabels } from "./worth_of_labels.ts"
