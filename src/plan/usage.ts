import type { FunctionName } from './deployment.ts';

/**
 * What a run uses of what AWS charges for. Forecast from a plan (`forecastUsage`) or counted from what happened: priced
 * by the same code, so that the two can stand side by side.
 */
export interface Usage {
  readonly iot: IotUsage;
  readonly sqs: SqsUsage;
  /** Functions that ran; the others are absent. */
  readonly lambda: Readonly<Partial<Record<FunctionName, LambdaUsage>>>;
  /** Step Functions: states entered and children started, of the execution and all its children. */
  readonly stateTransitions: number;
  readonly s3Puts: number;
}

/** Messages each as one, whatever their size: pricing meters them. */
export interface IotUsage {
  /** Bytes of one of the run's messages as AWS meters it: payload and topic. */
  readonly meteredBytes: number;
  /** CONNECTs: devices, their reconnects, the slices' control channels. */
  readonly connects: number;
  readonly subscribes: number;
  /** Publishes that the service took in. */
  readonly publishesIn: number;
  /** Publishes that the service sent to devices: echoes. */
  readonly publishesOut: number;
  /** PUBACKs that devices sent for those. */
  readonly deviceAcks: number;
  /** Small ones of the control topic: polls over HTTPS, and its clearing. */
  readonly controlMessages: number;
  readonly connectionMinutes: number;
  /** Messages that triggered the rule, and actions it took for them. */
  readonly rulesTriggered: number;
  readonly ruleActions: number;
}

/** Requests. */
export interface SqsUsage {
  readonly sends: number;
  readonly receives: number;
  readonly deletes: number;
}

export interface LambdaUsage {
  readonly invocations: number;
  /** Of all invocations together. */
  readonly seconds: number;
  readonly memoryMb: number;
}

/** Lambda's measure of memory over time. */
export function gbSecondsOf({ seconds, memoryMb }: LambdaUsage): number {
  return (seconds * memoryMb) / 1_024;
}
