/** Seconds kept one by one, as CloudWatch keeps its high-resolution data: three hours. Older ones live on as minutes. */
const maxSeconds = 10_800;

export type Dimensions = Readonly<Record<string, string>>;

/** One CloudWatch series: events counted by whole second of the service's clock. */
export class Counter {
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly #seconds = new Map<number, number>();
  readonly #minutes = new Map<number, number>();
  #second = 0;
  #inSecond = 0;
  #past = 0;
  #peakPerSecond = 0;

  constructor(name: string, dimensions: Dimensions) {
    this.name = name;
    this.dimensions = dimensions;
  }

  add(nowMs: number, events = 1): void {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#turnTo(second);
    this.#inSecond += events;
  }

  get total(): number {
    return this.#past + this.#inSecond;
  }

  get peakPerSecond(): number {
    return Math.max(this.#peakPerSecond, this.#inSecond);
  }

  /**
   * Sums by period, the instants in epoch seconds, oldest first; periods without events are left out.
   * @param periodSeconds 1 or 60
   */
  sums(periodSeconds: 1 | 60): (readonly [atSecond: number, sum: number])[] {
    this.#turnTo(this.#second);
    return [...(periodSeconds === 60 ? this.#minutes : this.#seconds)].sort(([a], [b]) => a - b);
  }

  /** A clock that was set back only adds to a second that has been. */
  #turnTo(second: number): void {
    if (this.#inSecond > 0) {
      const inSecond = (this.#seconds.get(this.#second) ?? 0) + this.#inSecond;
      this.#seconds.set(this.#second, inSecond);
      this.#peakPerSecond = Math.max(this.#peakPerSecond, inSecond);
      const minute = this.#second - (this.#second % 60);
      this.#minutes.set(minute, (this.#minutes.get(minute) ?? 0) + this.#inSecond);
      this.#past += this.#inSecond;
      this.#inSecond = 0;
      if (this.#seconds.size > maxSeconds) this.#forgetOldest();
    }
    this.#second = second;
  }

  #forgetOldest(): void {
    for (const oldest of this.#seconds.keys()) {
      this.#seconds.delete(oldest);
      return;
    }
  }
}

/**
 * The metrics of namespace `AWS/IoT`, named and dimensioned as AWS does. A series exists once it has an event.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/metrics_dimensions.html
 */
export class Metrics {
  readonly #counters = new Map<string, Counter>();
  readonly mqtt = this.#protocol('MQTT');
  readonly http = this.#protocol('HTTP');
  readonly rulesExecuted = this.counter('RulesExecuted', {});

  counter(name: string, dimensions: Dimensions): Counter {
    const key = JSON.stringify([name, dimensions]);
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = new Counter(name, dimensions);
      this.#counters.set(key, counter);
    }
    return counter;
  }

  /** Of the topic rule `name`, and of its one action. */
  rule(name: string, actionType: string) {
    return {
      topicMatch: this.counter('TopicMatch', { RuleName: name }),
      parseError: this.counter('ParseError', { RuleName: name }),
      throttled: this.counter('RuleMessageThrottled', { RuleName: name }),
      success: this.counter('Success', { RuleName: name, ActionType: actionType }),
      failure: this.counter('Failure', { RuleName: name, ActionType: actionType }),
    };
  }

  #protocol(protocol: 'MQTT' | 'HTTP') {
    const named = (name: string) => this.counter(name, { Protocol: protocol });
    return {
      connectSuccess: named('Connect.Success'),
      connectThrottle: named('Connect.Throttle'),
      connectClientIdThrottle: named('Connect.ClientIDThrottle'),
      connectAuthError: named('Connect.AuthError'),
      connectClientError: named('Connect.ClientError'),
      connectServerError: named('Connect.ServerError'),
      publishInSuccess: named('PublishIn.Success'),
      publishInThrottle: named('PublishIn.Throttle'),
      publishInAuthError: named('PublishIn.AuthError'),
      publishInClientError: named('PublishIn.ClientError'),
      publishInServerError: named('PublishIn.ServerError'),
      publishOutSuccess: named('PublishOut.Success'),
      publishOutAuthError: named('PublishOut.AuthError'),
      publishOutThrottle: named('PublishOut.Throttle'),
      queuedSuccess: named('Queued.Success'),
      queuedThrottle: named('Queued.Throttle'),
      publishRetainedSuccess: named('PublishRetained.Success'),
      publishRetainedThrottle: named('PublishRetained.Throttle'),
      publishRetainedAuthError: named('PublishRetained.AuthError'),
      subscribeSuccess: named('Subscribe.Success'),
      subscribeThrottle: named('Subscribe.Throttle'),
      subscribeAuthError: named('Subscribe.AuthError'),
      subscribeClientError: named('Subscribe.ClientError'),
      unsubscribeSuccess: named('Unsubscribe.Success'),
      unsubscribeClientError: named('Unsubscribe.ClientError'),
      pingSuccess: named('Ping.Success'),
      throttleExceeded: named('Throttle.Exceeded'),
    };
  }

  /** Every series that has an event. */
  *series(): Iterable<Counter> {
    for (const counter of this.#counters.values()) if (counter.total > 0) yield counter;
  }
}

export type ProtocolMetrics = Metrics['mqtt'];
