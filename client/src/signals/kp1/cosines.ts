/** Tables of cosines: printed for a quarter of the circle, the same on every machine. */

/** The cosines of a whole circle from those of its first quarter, both ends included. */
export function circleOf(quarter: readonly number[]): Float64Array {
  const steps = quarter.length - 1;
  return Float64Array.from({ length: 4 * steps }, (_, step) => {
    const folded = Math.min(step, 4 * steps - step);
    return folded <= steps ? quarter[folded] : -quarter[2 * steps - folded];
  });
}
