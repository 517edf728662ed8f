import { endpointFor, isOverTls } from '../../targets/mqtt-endpoint.ts';
import { mqttEndpointsOf } from '../../targets/traits-of.ts';
import type { LiveAction } from '../actions/action.ts';
import { type NetworkStretch, networkStretchesOf } from '../network-stretches.ts';
import type { GroupPlan, Plan } from '../plan.ts';
import { type BothDraws, handshakeMs, leastVarianceMs } from './handshake.ts';
import { NetworkDraws } from './network-draws.ts';
import { makeOutageChoice } from './outage-choice.ts';

/** An attempt to connect whose CONNECT reaches the service. */
export interface ArrivingConnect {
  /** Epoch milliseconds. */
  readonly arrivesAt: number;
  /** From then until its answer is at the device. */
  readonly answerMs: number;
}

/** How attempts of a group's devices to connect go through its network: delays, losses, bandwidth and outages, and no stalls or resets. */
class ConnectPath {
  readonly #timeoutMs: number;
  readonly #stretches: readonly NetworkStretch[];
  readonly #draws: BothDraws;
  readonly #tls: string | undefined;
  readonly #isWebSocket: boolean;
  readonly #isOut: (share: number, device: number) => boolean;

  /** @param devices of the group that are simulated */
  constructor(plan: Plan, { profile }: GroupPlan, stretches: readonly NetworkStretch[], devices: number) {
    const { connect, seed } = profile;
    const endpoint = endpointFor(mqttEndpointsOf(plan.target), connect.auth);
    const isSecure = endpoint === undefined || isOverTls(endpoint);
    this.#timeoutMs = connect.timeoutMs;
    this.#stretches = stretches;
    this.#draws = { up: new NetworkDraws(seed, 0, 0), down: new NetworkDraws(seed, 0, 1) };
    this.#tls = isSecure ? 'TLSv1.3' : undefined;
    this.#isWebSocket = endpoint?.scheme.startsWith('ws') === true;
    const choices = new Map<number, (device: number) => boolean>();
    this.#isOut = (share, device) => {
      const choice = choices.get(share) ?? makeOutageChoice(profile, share, devices);
      choices.set(share, choice);
      return choice(device);
    };
  }

  /** @returns undefined: the device gives up after its connect timeout, and nothing has reached the service */
  begin(device: number, beganAt: number): ArrivingConnect | undefined {
    const givesUpAt = beganAt + this.#timeoutMs;
    // The network holds up the packets of a device in an outage until that is over.
    const first = this.#stretches.findLastIndex(({ from }) => from === null || from <= beganAt);
    const open = this.#stretches.findIndex(
      ({ conditions: { outage } }, i) => i >= first && !(outage !== undefined && this.#isOut(outage, device)),
    );
    if (open < 0) return undefined;
    const { from, conditions } = this.#stretches[open]!;
    const reachedAt = Math.max(beganAt, from ?? beganAt);
    if (reachedAt >= givesUpAt) return undefined;
    const { totalMs, roundTripMs } = handshakeMs(conditions, this.#draws, this.#tls);
    const once = (way: NetworkDraws): number => {
      let ms = way.delayMs(conditions);
      for (let timeoutMs = roundTripMs + leastVarianceMs; way.happens(conditions.loss); timeoutMs *= 2) {
        if (ms > this.#timeoutMs) break;
        ms += timeoutMs;
      }
      return ms;
    };
    const { up, down } = this.#draws;
    const upgradeMs = this.#isWebSocket ? once(up) + once(down) : 0;
    const arrivesAt = reachedAt + totalMs + upgradeMs + once(up);
    return arrivesAt >= givesUpAt ? undefined : { arrivesAt, answerMs: once(down) };
  }
}

/** By number of the group; groups whose network never does anything have none. @param actions that were issued while the run went on */
export function connectPathsOf(
  plan: Plan,
  actions: readonly LiveAction[],
  groups: readonly { readonly plan: GroupPlan; readonly devices: number }[],
): ReadonlyMap<number, ConnectPath> {
  const stretches = networkStretchesOf(plan, actions, plan.timeline.publishEndAt);
  return new Map(
    groups.flatMap(({ plan: group, devices }) => {
      const own = stretches.get(group.number);
      return own === undefined ? [] : [[group.number, new ConnectPath(plan, group, own, devices)] as const];
    }),
  );
}
