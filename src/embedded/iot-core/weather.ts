import { makeRandom, type Random } from '../../device/random.ts';
import { type Fault, InvalidInputError } from '../../profile/errors.ts';
import type { Clock } from './clock.ts';

/** Faults on the service's side. The same seed drops the same messages of the same sequence. */
export interface WeatherSettings {
  /** Share (0–1) of messages that vanish between the rule and its queue, after their PUBACK. */
  readonly dropDeliveries: number;
  /** Share (0–1) of accepted QoS 1 publishes whose PUBACK is never sent. */
  readonly dropAcks: number;
  readonly seed: number;
}

export const calm: WeatherSettings = { dropDeliveries: 0, dropAcks: 0, seed: 1 };

/** What the weather did, exactly: the truth that a report is held against. */
export interface WeatherReport {
  readonly settings: WeatherSettings;
  readonly droppedDeliveries: number;
  readonly droppedAcks: number;
  readonly pauses: number;
  readonly pausedMs: number;
  readonly paused: boolean;
}

export class Weather {
  readonly #clock: Clock;
  readonly #onPause: ((paused: boolean) => void)[] = [];
  #waiting: (() => void)[] = [];
  #settings = calm;
  #deliveries: Random = Math.random;
  #acks: Random = Math.random;
  #droppedDeliveries = 0;
  #droppedAcks = 0;
  #pauses = 0;
  #pausedMs = 0;
  /** Epoch milliseconds; 0: not paused. */
  #pausedSince = 0;
  #pausedUntil = 0;

  constructor(clock: Clock, settings: WeatherSettings) {
    this.#clock = clock;
    this.change(settings);
  }

  get paused(): boolean {
    return this.#pausedSince !== 0;
  }

  /** Takes effect with the next message; the streams begin anew at the seed. Counts go on. */
  change(settings: WeatherSettings): void {
    this.#settings = settings;
    this.#deliveries = makeRandom(settings.seed, 1);
    this.#acks = makeRandom(settings.seed, 2);
  }

  /** Whether the rule's next delivery vanishes; counts it if so. */
  dropsDelivery(): boolean {
    if (this.#settings.dropDeliveries === 0 || this.#deliveries() >= this.#settings.dropDeliveries)
      return false;
    this.#droppedDeliveries++;
    return true;
  }

  /** Whether the next PUBACK is not sent; counts it if so. */
  dropsAck(): boolean {
    if (this.#settings.dropAcks === 0 || this.#acks() >= this.#settings.dropAcks) return false;
    this.#droppedAcks++;
    return true;
  }

  /** The service neither reads, answers nor delivers for that long; then it goes on where it stood. */
  pause(forMs: number): void {
    const now = this.#clock.now();
    this.#pausedUntil = Math.max(this.#pausedUntil, now + forMs);
    if (this.paused) return;
    this.#pausedSince = now;
    this.#pauses++;
    for (const listener of this.#onPause) listener(true);
    this.#clock.setTimer(forMs, () => this.#resumeWhenDue());
  }

  onPause(listener: (paused: boolean) => void): void {
    this.#onPause.push(listener);
  }

  /** Resolves at once when the service runs, else when the pause is over. */
  whenRunning(): Promise<void> | undefined {
    if (!this.paused) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  report(): WeatherReport {
    return {
      settings: this.#settings,
      droppedDeliveries: this.#droppedDeliveries,
      droppedAcks: this.#droppedAcks,
      pauses: this.#pauses,
      pausedMs: this.#pausedMs + (this.paused ? this.#clock.now() - this.#pausedSince : 0),
      paused: this.paused,
    };
  }

  #resumeWhenDue(): void {
    const now = this.#clock.now();
    if (now < this.#pausedUntil) {
      this.#clock.setTimer(this.#pausedUntil - now, () => this.#resumeWhenDue());
      return;
    }
    this.#pausedMs += now - this.#pausedSince;
    this.#pausedSince = 0;
    for (const listener of this.#onPause) listener(false);
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** A change of the weather as it comes over HTTP: any of the settings, and a pause. */
export interface WeatherChange {
  readonly settings: WeatherSettings;
  readonly pauseMs: number;
}

/**
 * @param input parsed JSON: `{ dropDeliveries?, dropAcks?, seed?, pauseMs? }`; what it leaves out stays
 * @throws InvalidInputError with every fault
 */
export function parseWeatherChange(input: unknown, current: WeatherSettings): WeatherChange {
  const faults: Fault[] = [];
  const values: Record<string, unknown> =
    typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input } : {};
  const known = ['dropDeliveries', 'dropAcks', 'seed', 'pauseMs'];
  for (const key of Object.keys(values)) {
    if (!known.includes(key))
      faults.push({ path: key, message: 'is not known', hint: `known: ${known.join(', ')}` });
  }
  const numberOf = (key: string, fallback: number, max: number): number => {
    const value = values[key] ?? fallback;
    if (typeof value === 'number' && value >= 0 && value <= max) return value;
    faults.push({ path: key, message: `is not a number from 0 to ${max}` });
    return fallback;
  };
  const change: WeatherChange = {
    settings: {
      dropDeliveries: numberOf('dropDeliveries', current.dropDeliveries, 1),
      dropAcks: numberOf('dropAcks', current.dropAcks, 1),
      seed: numberOf('seed', current.seed, Number.MAX_SAFE_INTEGER),
    },
    pauseMs: numberOf('pauseMs', 0, 3_600_000),
  };
  if (faults.length > 0) throw new InvalidInputError('The weather', faults);
  return change;
}
