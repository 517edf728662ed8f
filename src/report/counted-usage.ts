import type { RunLedger } from '../measure/run-ledger.ts';
import type { Deployment } from '../plan/deployment.ts';
import { echoingDevices } from '../plan/echoes.ts';
import { lambdaUsage, pollsOf } from '../plan/forecast-usage.ts';
import { meteredBytes } from '../plan/message-size.ts';
import { echoObserver } from '../plan/observers.ts';
import type { Plan } from '../plan/plan.ts';
import { checkpointEveryMs, controlPollEveryMs } from '../plan/poll-intervals.ts';
import {
  clearingMessages,
  connectionMinutes,
  type IotUsage,
  queueRequests,
  stateTransitions,
  storePuts,
  streamUsage,
  type Usage,
} from '../plan/usage.ts';

/**
 * What a run used, counted where the ledger counts it: messages, connects, connection time, the slices' time, windows.
 * What is not counted (how long plan, summarize and each batch took) is assumed as in the forecast.
 */
export function countUsage(plan: Plan, ledger: RunLedger, deployment: Deployment): Usage {
  const { slices, sliceSeconds } = ledger.generator;
  const taken = messagesTaken(ledger);
  const looks = pollsOf(plan, deployment, ledger.lastSentAt ?? plan.timeline.publishAt);
  const checkpoints = (sliceSeconds * 1_000) / checkpointEveryMs(plan.profile) / Math.max(1, slices);
  return {
    iot: iotUsage(plan, ledger, taken, looks),
    sqs: queueRequests(taken, deployment),
    kinesis: streamUsage(taken, secondsOf(plan, ledger), deployment),
    lambda: lambdaUsage(plan, deployment, {
      sliceSeconds,
      batches: ledger.windows,
      records: ledger.messages.arrivals,
      looks,
    }),
    stateTransitions: stateTransitions(plan.slices.count, looks),
    s3Puts: storePuts(slices, Math.floor(checkpoints), ledger.windows),
  };
}

/** From the plan to the end of the drain. */
function secondsOf({ timeline }: Plan, { lastSentAt }: RunLedger): number {
  const { createdAt, publishAt, publishEndAt, drainEndAt } = timeline;
  return ((lastSentAt ?? publishAt) + drainEndAt - publishEndAt - createdAt) / 1_000;
}

/** Publishes that the service took in, as far as anybody knows: at QoS 0 nothing says which it did not. */
function messagesTaken({ acknowledged, messages }: RunLedger): number {
  return acknowledged ? Math.max(messages.acked, messages.received) : messages.sent;
}

/** Messages that devices received on their own subscriptions, from any sender. */
function deliveriesOf({ observers }: RunLedger): number {
  const echo = observers[echoObserver];
  return echo === undefined ? 0 : echo.arrivals + echo.unrelated;
}

function iotUsage(plan: Plan, ledger: RunLedger, taken: number, looks: number): IotUsage {
  const { profile } = plan;
  const { devices, generator, perSecond } = ledger;
  const stops = ledger.stoppedOn === undefined ? 0 : 1;
  const messages = {
    meteredBytes: meteredBytes(plan),
    publishesIn: taken,
    rulesTriggered: taken,
    ruleActions: taken,
    deviceAcks: 0,
  };
  if (profile.connect.protocol === 'https') {
    const polls = Math.ceil((generator.sliceSeconds * 1_000) / controlPollEveryMs(plan.slices.count));
    return {
      ...messages,
      connects: 0,
      subscribes: 0,
      publishesOut: 0,
      controlMessages: polls + looks + stops + clearingMessages,
      connectionMinutes: 0,
    };
  }
  const connects = devices.connected + devices.reconnects;
  const echoes = Math.round((connects * echoingDevices(profile)) / profile.devices);
  const deviceSeconds = perSecond.connected.reduce((sum, connected) => sum + connected, 0);
  return {
    ...messages,
    connects: connects + generator.controlConnects,
    subscribes: echoes + generator.controlConnects,
    publishesOut: deliveriesOf(ledger) + stops * generator.slices,
    controlMessages: looks + stops + clearingMessages,
    connectionMinutes: connectionMinutes(
      connects + generator.slices,
      (deviceSeconds + generator.sliceSeconds) * 1_000,
    ),
  };
}
