/**
 * Which of several models to keep, as its place: the one whose texts cost the least, unless an earlier one is within one
 * standard error of it on the same texts. Models are given in the order in which they are believed in, and a handful of
 * texts proves little. `costs[i][m]` is what text m costs model i; the first of all when there are no texts.
 * Source: Breiman et al. 1984, "Classification and regression trees", section 3.4.3, the one-standard-error rule.
 */
export function firstAsGood(costs: readonly (readonly number[])[]): number {
  const means = costs.map(meanOf)
  const cheapest = costs[means.reduce((best, mean, i) => (mean < means[best]! ? i : best), 0)]!
  const isAsGood = (own: readonly number[]): boolean => {
    const gaps = own.map((cost, m) => cost - cheapest[m]!)
    const gap = meanOf(gaps)
    const variance = meanOf(gaps.map((each) => (each - gap) ** 2))
    return !(gap > Math.sqrt(variance / gaps.length)) // without texts nothing is known
  }
  return costs.findIndex(isAsGood)
}
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
