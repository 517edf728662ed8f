import { exitCodes, StampedeError } from '../shared/errors.ts';
import type { MqttEndpoint } from './mqtt-endpoint.ts';

/** The target by a process's own environment, independent of any plan.json. */
export interface KnownTarget {
  /** Endpoints that its own environment names, which the owner of the stack sets; none: those of AWS IoT Core. */
  readonly iotEndpoints: readonly MqttEndpoint[];
  /** The HTTPS API that its own environment names. */
  readonly iotDataUrl: URL | undefined;
  /** AWS Region it runs in: its IoT endpoints are `xxxx-ats.iot.{region}.amazonaws.com`. */
  readonly region: string | undefined;
  /**
   * What the plan function found, by way of the state machine or of `iot:DescribeEndpoint`, not by plan.json: hosts of AWS IoT Core,
   * or the names that other kinds of target have for it.
   */
  readonly hosts: readonly string[] | undefined;
}

/** The plan names a target that the process would not choose by itself: nothing connects. Exit code 3. */
export class ForgedTargetError extends StampedeError {
  constructor(what: string) {
    super(
      'ForgedTarget',
      `plan.json names ${what}, which is not the target of this run: nothing was connected\n` +
        '  → plan.json was changed after it was planned, or the plan function has another IOT_ENDPOINT than this one; start the run again',
      { exitCode: exitCodes.refusedByPreflight },
    );
  }
}
