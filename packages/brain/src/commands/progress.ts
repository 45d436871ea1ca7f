import type { TeachProgress } from "@open-brains/core/train/teach.ts"
import type { Services } from "../services.ts"

const WIDTH = 24
const EVERY_MS = 80

/** A bar for each phase of a lesson, redrawn a few times a second. */
export function progressBar({ progress, paint }: Services, unit = "step"): (now: TeachProgress) => void {
  let shown = 0
  return ({ phase, step, steps, bits }) => {
    const now = performance.now()
    if (now - shown < EVERY_MS && step < steps) return
    shown = now
    const full = Math.round((WIDTH * step) / steps)
    progress(
      `${paint("cyan", "█".repeat(full))}${"░".repeat(WIDTH - full)} ${phase}, ${unit} ${step} of ${steps}, ${bits.toFixed(2)} bits`,
    )
  }
}
