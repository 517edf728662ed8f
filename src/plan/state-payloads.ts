import { utf8Bytes } from '../profile/payload-size.ts';
import { fanOutOf } from './fan-out.ts';
import type { Plan } from './plan.ts';

/** What one state of the state machine is given or gives. Step Functions allows 256 KiB. */
export interface StatePayload {
  readonly payload: string;
  readonly bytes: number;
}

/**
 * In the order of the states. The execution's input is measured as the profile is understood, with every default: what
 * the user wrote is seldom longer. An execution that is one Region's part of a run gets the plan.
 */
export function statePayloads(plan: Plan): StatePayload[] {
  const { runId, profile } = plan;
  const fanOut = fanOutOf(plan);
  const input = plan.region === undefined ? profile : { plan };
  const bytesOf = (value: unknown) => utf8Bytes(JSON.stringify(value));
  const child = {
    runId,
    mqttSlices: fanOut.mqttSlices,
    hosts: fanOut.hosts,
    timeoutSeconds: fanOut.sliceTimeoutSeconds,
    legs: fanOut.legs,
    slice: Math.max(...fanOut.slices),
    next: { leg: 0, hasFailed: false },
  };
  return [
    { payload: 'input of the execution', bytes: bytesOf(input) },
    { payload: 'input of Plan', bytes: bytesOf({ runId, profile: input }) },
    { payload: 'output of Plan: the slices', bytes: bytesOf(fanOut) },
    { payload: 'input of a slice', bytes: bytesOf(child) },
    // Held together for a moment, though the Map throws them away.
    { payload: 'outputs of all slices', bytes: bytesOf(fanOut.slices.map((slice) => ({ slice }))) },
  ];
}
