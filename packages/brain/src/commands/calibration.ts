import {
  calibrationError,
  coverageCurve,
  reliability,
  scopeCurve,
  thinned,
} from "@open-brains/core/evaluate/calibration.ts"
import { bits, type Scored } from "@open-brains/core/evaluate/classification.ts"
import { type CostedThreshold, thresholdByCost } from "@open-brains/core/evaluate/cost.ts"
import { COLUMNS_MAX, counted, inBits, percent, shorten, wrap } from "../layout.ts"
import type { Plot } from "../plot/plot.ts"
import { plotText } from "../plot/text.ts"

const POINTS_DRAWN = 80

/** What is known of a module's probabilities and of its refusals, on texts that it has not learnt from. */
export interface Calibration {
  readonly plots: readonly Plot[]
  readonly json: object
  readonly lines: readonly string[]
}

export function calibrationOf(scored: readonly Scored[], name: string): Calibration {
  const inScope = scored.filter(({ expected }) => expected !== undefined)
  const hasOutside = inScope.length < scored.length
  const bins = reliability(inScope)
  const error = calibrationError(inScope)
  const coverage = coverageCurve(inScope)
  const scope = scopeCurve(scored)
  const plots: readonly Plot[] = [
    {
      title: `What ${shorten(name, 60)} says, and how often it is right`,
      x: { label: "probability that it says", scale: "linear", unit: "share", range: [0, 1] },
      y: { label: "right", scale: "linear", unit: "share", range: [0, 1] },
      series: [
        {
          name: "answers",
          points: bins.filter(({ count }) => count > 0).map(({ said, right }) => ({ x: said, y: right })),
        },
      ],
      hasDiagonal: true,
    },
    {
      title: "Answering the surest alone",
      x: { label: "answered", scale: "linear", unit: "share", range: [0, 1] },
      y: { label: "right, of those answered", scale: "linear", unit: "share" },
      series: [
        {
          name: "accuracy",
          points: thinned(coverage, POINTS_DRAWN).map((point) => ({ x: point.coverage, y: point.accuracy })),
        },
      ],
    },
    ...(hasOutside
      ? [
          {
            title: "Refusing what fits no label",
            x: { label: "refused, of those that fit no label", scale: "linear", unit: "share", range: [0, 1] },
            y: { label: "answered right, of the others", scale: "linear", unit: "share", range: [0, 1] },
            series: [
              {
                name: "by threshold",
                points: thinned(scope, POINTS_DRAWN).map((point) => ({ x: point.refused, y: point.answeredRight })),
              },
            ],
          } satisfies Plot,
        ]
      : []),
  ]
  return {
    plots,
    json: {
      calibrationError: error,
      bitsPerAnswer: bits(inScope),
      reliability: bins,
      coverage,
      ...(hasOutside ? { scope } : {}),
    },
    lines: [
      ...plots.flatMap((plot) => ["", plotText(plot, COLUMNS_MAX - 20)]),
      "",
      `  calibration error   ${error.toFixed(4)}   how far its probabilities are from how often it is right, on average`,
      `  bits an answer      ${inBits(bits(inScope), 3)}`,
      ...[0.8, 0.9].map(
        (share) =>
          `  ${percent(share)} answered    ${percent(coverage.find((point) => point.coverage >= share)?.accuracy)} right, the surest of ${counted(inScope.length, "text")}`,
      ),
      ...(hasOutside
        ? [
            `  90.0 % kept         of the right answers, where ${percent(scope.findLast((point) => point.answeredRight >= 0.9 * scope[0]!.answeredRight)?.refused)} of those that fit no label are refused`,
          ]
        : []),
    ],
  }
}

/** What a threshold costs that somebody has, and which would cost the least. */
export function describeCosts(now: CostedThreshold, scored: readonly Scored[], wrongCosts: number): readonly string[] {
  const best = thresholdByCost(scored, wrongCosts)
  const row = (name: string, { threshold, cost, wrong, unsure }: CostedThreshold): string =>
    `  ${name.padEnd(12)} below ${(threshold / 256).toFixed(2).padStart(6)} bits   ${percent(wrong).padStart(7)} wrong, ${percent(unsure).padStart(7)} unsure in vain   cost ${cost.toFixed(3)} a text`
  return [
    "",
    wrap(`If a wrong answer costs ${wrongCosts} times what an \`unsure\` costs that need not have been:`),
    row("as it is", now),
    row("best here", best),
  ]
}
