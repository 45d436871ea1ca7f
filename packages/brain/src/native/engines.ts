/** What `--engine` takes; choice.ts says what each is. In a file of its own: the command line reads it at every start. */
export const ENGINES = ["auto", "wasm", "threads", "native", "interpreter"] as const
export type EngineName = (typeof ENGINES)[number]
