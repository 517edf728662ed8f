/**
 * Formulas of queueing theory: what a service of c servers does to Poisson arrivals. Times are in any one unit, rates in
 * messages per that unit. Sources: Erlang (1917); Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory, 2.2 to 2.5.
 */
export interface Mmc {
  readonly servers: number;
  /** Mean of the exponential service time. */
  readonly meanService: number;
  /** Arrivals a unit of time. */
  readonly rate: number;
}

/** Work that arrives a unit of time: λ/μ, in servers. */
function offered({ rate, meanService }: Mmc): number {
  return rate * meanService;
}

/** Share of the arrivals that find all servers busy, where no one may wait: B(c, a) by its recursion in c. */
export function erlangB(servers: number, erlangs: number): number {
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = (erlangs * blocked) / (k + erlangs * blocked);
  return blocked;
}

/** Share of the arrivals that wait: C = B / (1 − ρ (1 − B)); 1 where the service is overloaded. */
export function erlangC(servers: number, erlangs: number): number {
  if (erlangs >= servers) return 1;
  const blocked = erlangB(servers, erlangs);
  return blocked / (1 - (erlangs / servers) * (1 - blocked));
}

/** C / (cμ − λ); infinite where the service is overloaded. */
export function meanWait(queue: Mmc): number {
  const { servers, meanService, rate } = queue;
  if (offered(queue) >= servers) return Number.POSITIVE_INFINITY;
  return erlangC(servers, offered(queue)) / (servers / meanService - rate);
}

export function meanTimeInSystem(queue: Mmc): number {
  return meanWait(queue) + queue.meanService;
}

/** P(wait > t) = C e^(−(cμ − λ) t). */
export function shareThatWaits(queue: Mmc, t: number): number {
  const { servers, meanService, rate } = queue;
  return erlangC(servers, offered(queue)) * Math.exp(-(servers / meanService - rate) * t);
}

/**
 * P(time in system > t) = e^(−μt) (1 + C (1 − e^(−μt d)) / d) with d = c − 1 − λ/μ; where d is 0, 1 + C μ t. 1 where the service is
 * overloaded.
 */
export function shareInSystem(queue: Mmc, t: number): number {
  const { servers, meanService } = queue;
  if (offered(queue) >= servers) return 1;
  const waits = erlangC(servers, offered(queue));
  const x = t / meanService;
  const d = servers - 1 - offered(queue);
  return Math.exp(-x) * (1 + waits * (d === 0 ? x : -Math.expm1(-x * d) / d));
}

/** The time in system that a share of the messages stays below. @param share 0–1, for example 0.99 */
export function quantileInSystem(queue: Mmc, share: number): number {
  if (offered(queue) >= queue.servers) return Number.POSITIVE_INFINITY;
  let high = queue.meanService;
  while (shareInSystem(queue, high) > 1 - share) high *= 2;
  return bisect(0, high, (t) => shareInSystem(queue, t) > 1 - share);
}

/** The highest rate at which the share of the messages stays at or below this time; 0 where even an idle service takes longer. */
export function kneeOf(
  { servers, meanService }: Omit<Mmc, 'rate'>,
  { share, atMost }: { readonly share: number; readonly atMost: number },
): number {
  return bisect(
    0,
    servers / meanService,
    (rate) => quantileInSystem({ servers, meanService, rate }, share) <= atMost,
  );
}

/** M/M/c/K: share of the arrivals that find c served and `places` waiting. */
export function refusedShare(queue: Mmc, places: number): number {
  const { servers } = queue;
  const perServer = offered(queue) / servers;
  // P(n + 1) = P(n) ρ from n = c on; P(c) is relative to the states without a place to wait, where it is B.
  const full = erlangB(servers, offered(queue));
  let weight = full;
  let all = 1;
  for (let k = 0; k < places; k++) {
    weight *= perServer;
    all += weight;
  }
  return weight / all;
}

/** M/G/1: λ E[S²] / (2 (1 − ρ)). Pollaczek and Khinchine. */
export function meanWaitOfOneServer(rate: number, meanService: number, secondMoment: number): number {
  return (rate * secondMoment) / (2 * (1 - rate * meanService));
}

/** Where `isBelow` changes from true to false, to a part in 10¹². */
function bisect(low: number, high: number, isBelow: (x: number) => boolean): number {
  let [from, to] = [low, high];
  while (to - from > high * 1e-12) {
    const middle = (from + to) / 2;
    if (isBelow(middle)) from = middle;
    else to = middle;
  }
  return from;
}
