import type { Measure, Section } from "../shared/report.ts"

/** What one part of the bench brings. */
export interface Part {
  readonly measures: readonly Measure[]
  readonly sections: readonly Section[]
  /** Whether everything that must be the same was. */
  readonly isSame: boolean
}
export interface PartOptions {
  readonly isQuick: boolean
  /** An empty folder, removed at the end. */
  readonly folder: string
}
