import { accountId, partition, region } from '../../gateway/arns.ts';
import type { Access } from '../mqtt/access.ts';
import { judgeAll, type Policy } from './policy.ts';
import { type PolicyClient, policyValueOf } from './policy-variables.ts';

const arnPrefix = `arn:${partition}:iot:${region}:${accountId}:`;

/**
 * What policies allow one client. What no statement speaks of is not allowed.
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-actions.html
 */
export class Permissions implements Access {
  readonly #policies: readonly Policy[];
  readonly #client: PolicyClient;
  readonly #lookUp: (variable: string) => string | undefined;
  /** Most subscribers receive one topic; the check of each delivery is then a comparison. */
  #lastReceived = '';
  #mayReceiveLast = false;

  constructor(policies: readonly Policy[], client: PolicyClient) {
    this.#policies = policies;
    this.#client = client;
    this.#lookUp = (variable) => policyValueOf(this.#client, variable);
  }

  mayConnect(clientId: string): boolean {
    return this.#allows('iot:Connect', `client/${clientId}`);
  }

  mayPublish(topic: string): boolean {
    return this.#allows('iot:Publish', `topic/${topic}`);
  }

  mayRetain(topic: string): boolean {
    return this.#allows('iot:RetainPublish', `topic/${topic}`);
  }

  maySubscribe(filter: string): boolean {
    return this.#allows('iot:Subscribe', `topicfilter/${filter}`);
  }

  mayReceive(topic: string): boolean {
    if (topic !== this.#lastReceived) {
      this.#lastReceived = topic;
      this.#mayReceiveLast = this.#allows('iot:Receive', `topic/${topic}`);
    }
    return this.#mayReceiveLast;
  }

  mayGetRetained(topic: string): boolean {
    return this.#allows('iot:GetRetainedMessage', `topic/${topic}`);
  }

  /** The action has no resource but `*`. */
  mayListRetained(): boolean {
    return judgeAll(this.#policies, 'iot:ListRetainedMessages', '*', this.#lookUp) === 'allowed';
  }

  #allows(action: string, resource: string): boolean {
    return judgeAll(this.#policies, action, arnPrefix + resource, this.#lookUp) === 'allowed';
  }
}
