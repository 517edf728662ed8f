/**
 * M/M/c//N: N users who think for an exponential time and then wait for one of c servers, as a birth and death process. Times are in any one
 * unit. Source: Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory, 2.8.
 */
export interface ClosedMmc {
  readonly users: number;
  readonly servers: number;
  /** Means. */
  readonly meanThink: number;
  readonly meanService: number;
}

/** Answers a unit of time: Σ πₙ min(n, c) / S, with πₙ₊₁ / πₙ = ((N − n) / Z) / (min(n + 1, c) / S). */
export function closedThroughput({ users, servers, meanThink, meanService }: ClosedMmc): number {
  let weight = 1;
  let all = 1;
  let busy = 0;
  for (let n = 0; n < users; n++) {
    const inService = Math.min(n + 1, servers);
    weight *= ((users - n) * meanService) / (meanThink * inService);
    all += weight;
    busy += weight * inService;
  }
  return busy / all / meanService;
}

/** R = N / X − Z: what is no thinking of a user's round is waiting for its answer (Little). */
export function meanResponse(queue: ClosedMmc): number {
  return queue.users / closedThroughput(queue) - queue.meanThink;
}

/** The most users whose mean response time is at most this. */
export function mostUsersWithin(queue: Omit<ClosedMmc, 'users'>, atMost: number): number {
  let users = 0;
  while (meanResponse({ ...queue, users: users + 1 }) <= atMost) users++;
  return users;
}
