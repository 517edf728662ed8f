import { sumBy } from '../shared/counts.ts';
import { meteredStepBytes, prices } from '../targets/aws-iot/prices.ts';
import { isRunnerBilled } from './account.ts';
import type { FunctionName } from './deployment.ts';
import type { Plan } from './plan.ts';
import {
  gbSecondsOf,
  type IotUsage,
  type LambdaUsage,
  type MessageUsage,
  targetUsage,
  type Usage,
} from './usage.ts';

/** What a run costs, by line; nothing is rounded. */
export interface CostEstimate {
  /** Those with a quantity. */
  readonly lines: readonly CostLine[];
  readonly totalUsd: number;
  /** Month of the prices: `2026-09`. */
  readonly pricedAt: string;
  readonly region: string;
}

export interface CostLine {
  /** Stable, for machines. */
  readonly line: CostLineId;
  readonly name: string;
  readonly quantity: number;
  readonly unit: string;
  /** Over all of the line, where a quantity spans tiers. */
  readonly usdPerUnit: number;
  readonly usd: number;
}

export type CostLineId =
  | 'iot-connect'
  | 'iot-subscribe'
  | 'iot-publish-in'
  | 'iot-retained'
  | 'iot-publish-out'
  | 'iot-device-puback'
  | 'iot-control'
  | 'iot-connectivity'
  | 'iot-rules'
  | 'iot-actions'
  | 'sqs'
  | 'kinesis-shards'
  | 'kinesis-puts'
  | 'kinesis-hours'
  | 'kinesis-data-in'
  | 'kinesis-data-out'
  | 'lambda-requests'
  | `lambda-${FunctionName}`
  | 'step-functions'
  | 's3-put';

interface CostLineTraits {
  /** It grows with each message of the load; else with devices, slices and time. */
  readonly growsByMessage: boolean;
  /** It depends on the subscriber: the rule and its action cost the same whichever it is. */
  readonly isOfSubscriber: boolean;
}

export const costLines: Readonly<Record<CostLineId, CostLineTraits>> = {
  'iot-connect': { growsByMessage: false, isOfSubscriber: false },
  'iot-subscribe': { growsByMessage: false, isOfSubscriber: false },
  'iot-publish-in': { growsByMessage: true, isOfSubscriber: false },
  'iot-retained': { growsByMessage: true, isOfSubscriber: false },
  'iot-publish-out': { growsByMessage: true, isOfSubscriber: false },
  'iot-device-puback': { growsByMessage: true, isOfSubscriber: false },
  'iot-control': { growsByMessage: false, isOfSubscriber: false },
  'iot-connectivity': { growsByMessage: false, isOfSubscriber: false },
  'iot-rules': { growsByMessage: true, isOfSubscriber: false },
  'iot-actions': { growsByMessage: true, isOfSubscriber: false },
  sqs: { growsByMessage: true, isOfSubscriber: true },
  'kinesis-shards': { growsByMessage: false, isOfSubscriber: true },
  'kinesis-puts': { growsByMessage: true, isOfSubscriber: true },
  'kinesis-hours': { growsByMessage: false, isOfSubscriber: true },
  'kinesis-data-in': { growsByMessage: true, isOfSubscriber: true },
  'kinesis-data-out': { growsByMessage: true, isOfSubscriber: true },
  'lambda-requests': { growsByMessage: false, isOfSubscriber: false },
  'lambda-plan': { growsByMessage: false, isOfSubscriber: false },
  'lambda-publish-mqtt': { growsByMessage: false, isOfSubscriber: false },
  'lambda-publish-http': { growsByMessage: false, isOfSubscriber: false },
  'lambda-subscribe': { growsByMessage: false, isOfSubscriber: false },
  'lambda-measure-latency': { growsByMessage: false, isOfSubscriber: true },
  'lambda-summarize': { growsByMessage: false, isOfSubscriber: false },
  'step-functions': { growsByMessage: false, isOfSubscriber: false },
  's3-put': { growsByMessage: false, isOfSubscriber: false },
};

export function priceUsage(usage: Usage): CostEstimate {
  const lines = [
    ...messageLines(usage),
    ...otherIotLines(usage),
    ...streamLines(usage),
    ...functionLines(usage),
    ...restLines(usage),
  ];
  return {
    lines: lines.filter(({ quantity }) => quantity > 0),
    totalUsd: lines.reduce((sum, { usd }) => sum + usd, 0),
    pricedAt: prices.pricedAt,
    region: prices.region,
  };
}

/** What of a run's usage is on a bill, priced. */
export function priceRun(plan: Pick<Plan, 'account' | 'target'>, usage: Usage): CostEstimate {
  return priceUsage(isRunnerBilled(plan) ? usage : targetUsage(usage));
}

/** How many messages of 5 KB one of that size is billed as. */
export function meteredSteps(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / meteredStepBytes));
}

/** Messages of all sizes as they are billed. */
function meteredSum(
  { messages }: IotUsage,
  count: Exclude<keyof MessageUsage, 'meteredBytes' | 'meteredMessages'>,
): number {
  return sumBy(
    messages,
    (each) => (each[count] ?? 0) * (each.meteredMessages ?? meteredSteps(each.meteredBytes)),
  );
}

/** Everything that is a message, metered by 5 KB, climbs one ladder of tiers, in the order of the lines. */
function messageLines({ iot }: Usage): CostLine[] {
  const counts: [CostLineId, string, number][] = [
    ['iot-connect', 'IoT CONNECT', iot.connects],
    ['iot-subscribe', 'IoT SUBSCRIBE', iot.subscribes],
    ['iot-publish-in', 'IoT PUBLISH in', meteredSum(iot, 'publishesIn')],
    ['iot-retained', 'IoT retained messages', meteredSum(iot, 'retained')],
    ['iot-publish-out', 'IoT PUBLISH out', meteredSum(iot, 'publishesOut')],
    ['iot-device-puback', 'IoT PUBACK of devices', iot.deviceAcks],
    ['iot-control', 'IoT control topic', iot.controlMessages],
  ];
  let before = 0;
  return counts.map(([line, name, quantity]) => {
    const usd = messagesUsd(before, before + quantity);
    before += quantity;
    return { line, name, quantity, unit: 'messages', usdPerUnit: usd / quantity, usd };
  });
}

/** The month's messages from number `from` up to, and without, number `to`. */
function messagesUsd(from: number, to: number): number {
  let usd = 0;
  let tierFrom = 0;
  for (const { upTo, usdPerUnit } of prices.iotMessage) {
    usd += Math.max(0, Math.min(to, upTo) - Math.max(from, tierFrom)) * usdPerUnit;
    tierFrom = upTo;
  }
  return usd;
}

function otherIotLines({ iot }: Usage): CostLine[] {
  const { iotConnectionMinute, iotRuleTriggered, iotRuleAction } = prices;
  return [
    line('iot-connectivity', 'IoT connectivity', iot.connectionMinutes, 'minutes', iotConnectionMinute),
    line('iot-rules', 'IoT rules triggered', meteredSum(iot, 'rulesTriggered'), 'rules', iotRuleTriggered),
    line('iot-actions', 'IoT rule actions', meteredSum(iot, 'ruleActions'), 'actions', iotRuleAction),
  ];
}

function streamLines({ kinesis }: Usage): CostLine[] {
  const { shardHours, putUnits, onDemandHours, onDemandGbIn, onDemandGbOut } = kinesis;
  return [
    line('kinesis-shards', 'Kinesis shards', shardHours, 'shard-hours', prices.kinesisShardHour),
    line('kinesis-puts', 'Kinesis PUT units', putUnits, 'units', prices.kinesisPutUnit),
    line('kinesis-hours', 'Kinesis on demand', onDemandHours, 'hours', prices.kinesisOnDemandHour),
    line('kinesis-data-in', 'Kinesis data in', onDemandGbIn, 'GB', prices.kinesisOnDemandGbIn),
    line('kinesis-data-out', 'Kinesis data out', onDemandGbOut, 'GB', prices.kinesisOnDemandGbOut),
  ];
}

function functionLines({ lambda }: Usage): CostLine[] {
  const functions = Object.entries(lambda) as [FunctionName, LambdaUsage][];
  const requests = functions.reduce((sum, [, { invocations }]) => sum + invocations, 0);
  return [
    ...functions.map(([name, used]) =>
      line(`lambda-${name}`, `Lambda ${name}`, gbSecondsOf(used), 'GB-s', prices.lambdaGbSecond),
    ),
    line('lambda-requests', 'Lambda requests', requests, 'requests', prices.lambdaRequest),
  ];
}

function restLines({ sqs, stateTransitions, s3Puts }: Usage): CostLine[] {
  const requests = sqs.sends + sqs.receives + sqs.deletes;
  return [
    line('sqs', 'SQS requests', requests, 'requests', prices.sqsRequest),
    line('step-functions', 'Step Functions', stateTransitions, 'transitions', prices.stateTransition),
    line('s3-put', 'S3 PUT', s3Puts, 'requests', prices.s3Put),
  ];
}

function line(id: CostLineId, name: string, quantity: number, unit: string, usdPerUnit: number): CostLine {
  return { line: id, name, quantity, unit, usdPerUnit, usd: quantity * usdPerUnit };
}
