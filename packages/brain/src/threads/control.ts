import type { MessagePort } from "node:worker_threads"

/** Words of the memory that all threads of a pool have in common. */
export const TICKET = 0 // changes whenever there may be something to do
export const SLEEPERS = 1
export const PRESENT = 2 // the program that is being run, by number
export const READY = 3 // how many threads have proved themselves
export const SHARES = 4 // how many they have done
export const CONTROL_BYTES = 20

/** What a thread is told: a program to know, or one to forget. */
export type Order =
  | { readonly program: number; readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly forget: number }

/** What a thread tells: why it does not help, or what ended a share. */
export interface Complaint {
  readonly reason: string
}

export interface WorkerData {
  readonly control: SharedArrayBuffer
  readonly port: MessagePort
}
