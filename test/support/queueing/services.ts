import { ServerPool } from '../../../src/embedded/iot-core/rules/server-pool.ts';
import type { Random } from '../../../src/shared/random.ts';
import { TimeHeap } from '../../../src/shared/time-heap.ts';

/** A message and what became of it: served at an instant, refused, or neither yet. Times are milliseconds of the simulation. */
export interface ServedMessage {
  readonly at: number;
  doneAt?: number;
  isRefused?: true;
}

/** A service in virtual time: messages come in the order of their instants. */
export interface SimulatedService {
  arrive(message: ServedMessage): void;
  /** Everything that ends by this instant has ended. */
  advance(untilMs: number): void;
}

/** c servers behind one queue, exponential service times. */
export function makeServers(servers: number, meanMs: number, random: Random): SimulatedService {
  const pool = new ServerPool();
  return {
    arrive(message) {
      const serviceMs = -meanMs * Math.log(1 - random());
      message.doneAt = pool.serve(message.at, serviceMs, servers) + serviceMs;
    },
    advance() {},
  };
}

/** A quota that refuses what comes above it, once a burst is used up; what it takes is served at once. */
export function makeQuota(
  { perSecond, burst, delayMs }: Readonly<Record<'perSecond' | 'burst' | 'delayMs', number>>,
  random: Random,
): SimulatedService {
  let tokens = burst;
  let filledAt = 0;
  return {
    arrive(message) {
      tokens = Math.min(burst, tokens + ((message.at - filledAt) * perSecond) / 1_000);
      filledAt = message.at;
      if (tokens < 1) {
        message.isRefused = true;
        return;
      }
      tokens--;
      message.doneAt = message.at + delayMs * (0.5 + random());
    },
    advance() {},
  };
}

/**
 * One server that all messages share (M/M/1-PS). While its cache is cold a message takes `coldFactor` times as long; `warmAfter` messages
 * warm it by a factor of e.
 */
export function makeSharedServer(
  { meanMs, coldFactor = 1, warmAfter = 1 }: { meanMs: number; coldFactor?: number; warmAfter?: number },
  random: Random,
): SimulatedService {
  // Of a message that arrives at the work w and takes S, the service is over when each has been given w + S.
  const jobs = new TimeHeap<ServedMessage>();
  let work = 0;
  let now = 0;
  let present = 0;
  let served = 0;
  const advance = (untilMs: number): void => {
    for (;;) {
      const { first } = jobs;
      const neededMs = first === undefined ? Number.POSITIVE_INFINITY : (first.atMs - work) * present;
      if (first === undefined || now + neededMs > untilMs) {
        if (present > 0) work += Math.max(0, untilMs - now) / present;
        now = Math.max(now, untilMs);
        return;
      }
      jobs.takeFirst();
      now += neededMs;
      work = first.atMs;
      present--;
      served++;
      first.item.doneAt = now;
    }
  };
  return {
    arrive(message) {
      advance(message.at);
      const cold = 1 + (coldFactor - 1) * Math.exp(-served / warmAfter);
      jobs.add(work - cold * meanMs * Math.log(1 - random()), message);
      present++;
    },
    advance,
  };
}

/** The same service, but for a time in which it does nothing: what comes then waits, in front of it. */
export function withPause(service: SimulatedService, fromMs: number, lastsMs: number): SimulatedService {
  const waiting: [message: ServedMessage, inner: ServedMessage][] = [];
  const own = (atMs: number) => (atMs < fromMs ? atMs : Math.max(fromMs, atMs - lastsMs));
  const copyBack = (): void => {
    for (let i = waiting.length - 1; i >= 0; i--) {
      const [message, { doneAt, isRefused }] = waiting[i]!;
      if (doneAt !== undefined) message.doneAt = doneAt < fromMs ? doneAt : doneAt + lastsMs;
      if (isRefused) message.isRefused = true;
      if (doneAt !== undefined || isRefused) waiting.splice(i, 1);
    }
  };
  return {
    arrive(message) {
      const inner: ServedMessage = { at: own(message.at) };
      service.arrive(inner);
      waiting.push([message, inner]);
    },
    advance(untilMs) {
      service.advance(own(untilMs));
      copyBack();
    },
  };
}
