import type { KernelSetting } from '../profile/kernel-network.ts';
import type { LoadProfile } from '../profile/load-profile.ts';
import type { QueueCounts } from './tc/queue-counts.ts';

/** The conditions of a run that the plan function records; part of plan.json. */
export interface PlanConditions {
  readonly versions: Versions;
  readonly host: HostConditions;
}

export interface Versions {
  /** Of this package. */
  readonly stampede: string;
  readonly node: string;
  /** What devices publish with: `dense 0.1.0`, `aws-iot-device-sdk-v2 1.28.0`, `node:http of v24.21.0` */
  readonly client: string;
}

/** Where slices run. In a rehearsal: this machine. On AWS: the configuration of the Lambda function. */
export interface HostConditions {
  /** `Linux 6.8.0`, `AWS Lambda` */
  readonly os: string;
  /** `arm64`, `x64` */
  readonly architecture: string;
  /** Of a slice's function. */
  readonly lambdaMemoryMb: number;
  /** Of the machine that all slices share; absent on AWS. */
  readonly cores?: number;
  readonly memoryBytes?: number;
  /** Settings of the devices' network that its kernel makes, with `tc`. Absent: slices make them all. */
  readonly kernelNetwork?: readonly KernelSetting[];
}

/** How the service was made to differ from AWS: by embedded AWS, which records it in the run store as `faults.json`. */
export interface InjectedFaults {
  /** What embedded AWS was started with in place of its defaults: `limits.publishInPerSecond` → `2000`. */
  readonly choices: Readonly<Record<string, string>>;
  /** Faults, in the order in which they were set. */
  readonly events: readonly FaultEvent[];
  /** What the kernel counted where it made the devices' network (`--netem`), of slices that have ended; absent: it made none. */
  readonly kernelPackets?: readonly KernelPackets[];
}

/** Packets of the devices of a group. */
export interface KernelPackets {
  /** Its number in the plan; 0: the plan has no groups. */
  readonly group: number;
  readonly up: QueueCounts;
  readonly down: QueueCounts;
}

export interface FaultEvent {
  /** Epoch milliseconds; null: from the start. */
  readonly at: number | null;
  /** `dropDeliveries`, `pauseMs` */
  readonly setting: string;
  /** JSON */
  readonly value: string;
}

/** All of it: part of report.json. */
export interface RunConditions extends PlanConditions {
  /** The target was on loopback: what was loaded was an emulator, not AWS. */
  readonly isRehearsal: boolean;
  /** `wss://xxxx-ats.iot.eu-west-1.amazonaws.com`; on loopback without the port, which is any free one. */
  readonly target: string;
  /** With every default. */
  readonly profile: LoadProfile;
  /** Flags and variables that replaced settings of the profile: `--rate 100`. */
  readonly overrides: readonly string[];
  /** Absent: none. */
  readonly faults?: InjectedFaults;
}
