import { randomUUID } from 'node:crypto';
import { accountId } from '../../gateway/arns.ts';
import type { Clock } from '../broker-clock.ts';
import type { ActionFailure, RuleTarget, SendOutcome } from '../rules/rules-engine.ts';
import type { ArrivalsStream } from './arrivals-stream.ts';
import type { Shard } from './shard.ts';

/** What a shard refused is put again after these; how often the service tries, AWS does not document. */
const retryDelaysMs = [100, 400] as const;

/**
 * The rule's action `kinesis` with the partition key `${newuuid()}`: any shard. What is refused to the end is the error
 * action's.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-rule-action.html
 */
export class KinesisAction implements RuleTarget {
  readonly actionType = 'Kinesis';
  readonly #stream: ArrivalsStream;
  readonly #clock: Clock;

  constructor(stream: ArrivalsStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  send(body: Buffer, nowMs: number): SendOutcome | Promise<SendOutcome> {
    const key = randomUUID();
    if (this.#stream.put(key, body, nowMs).number !== undefined) return true;
    const copy = Buffer.from(body);
    return new Promise((resolve) => this.#tryAgain(key, copy, 0, resolve));
  }

  #tryAgain(key: string, body: Buffer, attempt: number, resolve: (outcome: SendOutcome) => void): void {
    this.#clock.setTimer(retryDelaysMs[attempt]!, () => {
      const { shard, number } = this.#stream.put(key, body, this.#clock.now());
      if (number !== undefined) resolve(true);
      else if (attempt + 1 < retryDelaysMs.length) this.#tryAgain(key, body, attempt + 1, resolve);
      else resolve(this.#failureOf(shard));
    });
  }

  #failureOf({ id }: Shard): ActionFailure {
    const { name } = this.#stream;
    return {
      failedAction: 'KinesisAction',
      failedResource: name,
      errorMessage:
        `Failed to put record. The error received was Rate exceeded for shard ${id} in stream ${name} under account ${accountId}. ` +
        `(Service: AmazonKinesis; Status Code: 400; Error Code: ProvisionedThroughputExceededException; Request ID: ${randomUUID()})`,
    };
  }
}
