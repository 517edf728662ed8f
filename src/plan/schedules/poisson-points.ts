import { PositionalRandom } from '../../shared/random.ts';

/** Sets the draws of a schedule apart from the values in payloads. */
const splitLane = 0x706f;
const leafLane = 0x7066;
/** Positions that are drawn and sorted at once. */
const leafSize = 16;
/** Ranges are numbered by 32 bits; by then a range is narrower than a message of any run. */
const maxDepth = 31;
/** Above it a binomial is drawn by the normal approximation, whose error of some 1/(20·√n) is then below a ten-thousandth. */
const exactBits = 65_536;

/**
 * Where the messages of a Poisson process are, if their number is known: `messages` points, each as likely anywhere in [0, messages).
 * Point n of them, in order, without a list of them.
 *
 * The range is halved again and again: of c points in it, Binomial(c, ½) are in the left half, drawn by a hash of the range. With
 * at most 16 left they are drawn and sorted. A point takes O(log messages) steps; the path to the last one is kept, so that the next
 * one takes a few. The counts of all ranges are multinomial, as those of a Poisson process are under the condition of its total, and
 * any call in any order gives the same.
 */
export function makePoissonPoints(
  messages: number,
  { seed, slice, stream }: { readonly seed: number; readonly slice: number; readonly stream: number },
): (n: number) => number {
  const random = new PositionalRandom(seed);
  const lane = stream * 0x10000;
  // The path to the last result: range `rangeAt[d]` of the 2^d at depth d, its points first[d] … first[d] + count[d] − 1, of them left[d] in its left half.
  const rangeAt = new Float64Array(maxDepth + 1);
  const first = new Float64Array(maxDepth + 1);
  const count = new Float64Array(maxDepth + 1);
  const left = new Float64Array(maxDepth + 1);
  count[0] = messages;
  left[0] = -1;
  let depth = 0;
  // Of the range at the end of that path, once it is a leaf.
  let points = new Float64Array(0);
  let hasPoints = false;

  const drawLeft = (atDepth: number): number => {
    random.seek(slice, rangeAt[atDepth]!, lane + splitLane + (atDepth << 8));
    return drawBinomial(count[atDepth]!, random);
  };

  const drawPoints = (): void => {
    const width = messages / 2 ** depth;
    const begin = rangeAt[depth]! * width;
    random.seek(slice, rangeAt[depth]!, lane + leafLane + (depth << 8));
    points = Float64Array.from({ length: count[depth]! }, () => begin + random.next() * width).sort();
    hasPoints = true;
  };

  return (n) => {
    while (depth > 0 && (n < first[depth]! || n >= first[depth]! + count[depth]!)) {
      depth--;
      hasPoints = false;
    }
    while (count[depth]! > leafSize && depth < maxDepth) {
      if (left[depth]! < 0) left[depth] = drawLeft(depth);
      const isLeft = n < first[depth]! + left[depth]!;
      rangeAt[depth + 1] = rangeAt[depth]! * 2 + (isLeft ? 0 : 1);
      first[depth + 1] = isLeft ? first[depth]! : first[depth]! + left[depth]!;
      count[depth + 1] = isLeft ? left[depth]! : count[depth]! - left[depth]!;
      depth++;
      left[depth] = -1;
    }
    if (!hasPoints) drawPoints();
    return points[n - first[depth]!]!;
  };
}

/** How often heads comes up in n throws: the ones among n random bits. */
function drawBinomial(n: number, random: PositionalRandom): number {
  if (n > exactBits) {
    const drawn = Math.round(n / 2 + (Math.sqrt(n) / 2) * random.nextGaussian());
    return Math.min(Math.max(drawn, 0), n);
  }
  let ones = 0;
  for (let rest = n; rest > 0; rest -= 32) {
    const word = random.nextUint32();
    ones += countOnes(rest >= 32 ? word : word >>> (32 - rest));
  }
  return ones;
}

/** Ones of a 32-bit word, summed in pairs, fours and bytes. */
function countOnes(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
