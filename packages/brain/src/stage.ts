/** The forms that a module takes on its way to the machine, in order. */
export const STAGES = ["graph", "ir", "plan", "wasm", "c"] as const
export type Stage = (typeof STAGES)[number]
