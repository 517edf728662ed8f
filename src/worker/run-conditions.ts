import os from 'node:os';
import deviceSdk from 'aws-iot-device-sdk-v2/package.json' with { type: 'json' };
import manifest from '../../package.json' with { type: 'json' };
import type { HostConditions, PlanConditions } from '../plan/conditions.ts';
import { defaultDeployment } from '../plan/deployment.ts';
import type { KernelSetting } from '../profile/kernel-network.ts';
import type { LoadProfile } from '../profile/load-profile.ts';

/**
 * Versions and host. The slices run the same code as the plan function that asks; on AWS their sandboxes are their own, and only
 * what Lambda was asked for is known.
 * @param isRehearsal all functions are processes of this machine
 * @param kernelNetwork what its kernel makes of the devices' network
 */
export function readConditions(
  { connect }: Pick<LoadProfile, 'connect'>,
  isRehearsal: boolean,
  kernelNetwork?: readonly KernelSetting[],
): PlanConditions {
  const { protocol, client } = connect;
  return {
    versions: {
      stampede: manifest.version,
      node: process.versions.node,
      client:
        protocol === 'https'
          ? `node:http of ${process.version}`
          : client === 'device-sdk'
            ? versionOf(deviceSdk)
            : `dense ${manifest.version}`,
    },
    host: {
      ...hostOf(
        defaultDeployment.memoryMb[protocol === 'https' ? 'publish-http' : 'publish-mqtt'],
        isRehearsal,
      ),
      ...(kernelNetwork && { kernelNetwork }),
    },
  };
}

function hostOf(lambdaMemoryMb: number, isRehearsal: boolean): HostConditions {
  const { arch: architecture } = process;
  if (!isRehearsal) return { os: 'AWS Lambda', architecture, lambdaMemoryMb };
  return {
    os: `${os.type()} ${os.release()}`,
    architecture,
    lambdaMemoryMb,
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
  };
}

function versionOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name} ${version}`;
}
