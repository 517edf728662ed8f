/** Beyond this many degrees of freedom Student's distribution is the normal one to a part in 10⁴ of a quantile. */
const mostDegrees = 100_000;

/**
 * P(T > t) of Student's distribution: I_x(ν/2, 1/2) / 2 with x = ν / (ν + t²).
 * @param t at least 0
 * @param degrees of freedom ν, above 0; Infinity: the normal distribution
 * @see https://dlmf.nist.gov/8.17 (8.17.22: the continued fraction)
 */
export function studentTail(t: number, degrees: number): number {
  const nu = Math.min(degrees, mostDegrees);
  return incompleteBeta(nu / (nu + t * t), nu / 2, 0.5) / 2;
}

/**
 * The t that Student's distribution exceeds with this probability.
 * @param tail 0 < tail ≤ 0.5
 * @param degrees of freedom, above 0; Infinity: the normal distribution
 */
export function studentQuantile(tail: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (studentTail(high, degrees) > tail && high < 1e12) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (studentTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The regularized incomplete beta function I_x(a, b). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean of the distribution; above it the symmetric one does.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b));
  return (front / a) * betaFraction(x, a, b);
}

/** By Lentz's method, https://dlmf.nist.gov/3.10#iii */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const orTiny = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let d = 1 / orTiny(1 - ((a + b) * x) / (a + 1));
  let c = 1;
  let fraction = d;
  for (let m = 1; m <= 1_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let step = 1;
    for (const term of [even, odd]) {
      d = 1 / orTiny(1 + term * d);
      c = orTiny(1 + term / c);
      step = d * c;
      fraction *= step;
    }
    if (Math.abs(step - 1) < 1e-14) break;
  }
  return fraction;
}

/** ln Γ(x) by Stirling's series, https://dlmf.nist.gov/5.11#E1, from 10 on; below by Γ(x) = Γ(x + 1) / x. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += Math.log(z);
  const inverse = 1 / z;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1_260 - square / 1_680)));
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
}
