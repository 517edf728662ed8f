import { describe, expect, it } from '@jest/globals';
import type { LiveAction } from '../../../src/plan/actions/action.ts';
import { issuableNetwork } from '../../../src/plan/actions/issue-network.ts';
import { networkAction } from '../../../src/plan/actions/network.ts';
import { draftPlan } from '../../../src/plan/make-plan.ts';
import { networkAt } from '../../../src/plan/network-stretches.ts';
import { refuseKernelNetwork } from '../../../src/plan/refuse-kernel-network.ts';
import type { KernelSetting } from '../../../src/profile/kernel-network.ts';
import type { NetworkForm } from '../../../src/profile/network-presets.ts';
import { parseLoadProfile } from '../../../src/profile/parse.ts';
import type { Target } from '../../../src/targets/target.ts';

const bandwidthAlone: readonly KernelSetting[] = ['bandwidth'];
const all: readonly KernelSetting[] = ['bandwidth', 'delay', 'correlation', 'loss', 'corrupt'];

function planOf(profile: object, more: { target?: Target; kernelNetwork?: readonly KernelSetting[] } = {}) {
  const { target, kernelNetwork } = more;
  return draftPlan({
    runId: 'r',
    now: 0,
    profile: parseLoadProfile({
      devices: 10,
      everySeconds: 1,
      duration: '10s',
      connect: { client: 'dense' },
      ...profile,
    }),
    target,
    ...(kernelNetwork && {
      conditions: {
        versions: { stampede: '1', node: '24', client: 'dense' },
        host: { os: 'Linux', architecture: 'x64', lambdaMemoryMb: 512, kernelNetwork },
      },
    }),
  });
}

const refusedPaths = (profile: object, settings: readonly KernelSetting[] | undefined) =>
  refuseKernelNetwork(planOf(profile).plan, settings).map(({ path }) => path);

describe('a run whose networks the kernel is to make', () => {
  const groups = {
    meters: { devices: 5, everySeconds: 1, network: { delay: '20ms', loss: 0.1, bandwidth: '64kbit' } },
    trackers: { devices: 5, everySeconds: 1 },
  };
  const timeline = [{ at: '1s', group: 'trackers', network: { corrupt: 0.1 } }];

  it('is refused for settings that need a module which is not there, of any time', () => {
    const profile = { devices: undefined, everySeconds: undefined, groups, timeline };
    expect(refusedPaths(profile, bandwidthAlone)).toEqual([
      'groups.meters.network.delay',
      'groups.meters.network.loss',
      'groups.trackers.network.corrupt',
    ]);
    expect(refusedPaths(profile, all)).toEqual([]);
    expect(refusedPaths(profile, undefined)).toEqual([]);
  });

  it('is not refused for what its slices make', () => {
    const network = { bandwidth: '64kbit', outage: 0.1, reset: 1, stall: { everySeconds: 5, for: '1s' } };
    expect(refusedPaths({ network }, bandwidthAlone)).toEqual([]);
  });

  it('is refused for devices whose addresses are not known', () => {
    const connect = { client: 'device-sdk', auth: 'x509' };
    expect(refusedPaths({ connect, network: 'none' }, all)).toEqual(['connect.client']);
    expect(refusedPaths({ connect }, all)).toEqual([]);
  });

  it.each([
    ['127.0.0.1', []],
    ['localhost', []],
    ['[::1]', ['target']],
    ['broker.example.com', ['target']],
  ])('with a target on %s is refused by %j', (host, paths) => {
    const target: Target = { kind: 'mqtt', endpoints: [{ scheme: 'mqtt', host, port: 1_883, auth: 'none' }] };
    const { plan } = planOf({}, { target });
    expect(refuseKernelNetwork(plan, all).map(({ path }) => path)).toEqual(paths);
  });

  it('is refused by the plan function, too', () => {
    const { walls } = planOf({ network: { delay: '5ms' } }, { kernelNetwork: bandwidthAlone });
    expect(walls).toEqual([
      {
        path: 'network.delay',
        message: 'with --netem needs sch_netem, a module that the kernel of this machine does not have',
        hint: 'load it (modprobe sch_netem), remove the setting, or leave out --netem',
      },
    ]);
  });

  it('takes no action that it could not carry out', () => {
    const refused = (network: NetworkForm, kernelNetwork?: readonly KernelSetting[]) =>
      issuableNetwork
        .refuse(planOf({}, kernelNetwork && { kernelNetwork }).plan, networkAction(network), undefined)
        .map(({ path }) => path);
    expect(refused({ delay: '5ms' }, bandwidthAlone)).toEqual(['network.delay']);
    expect(refused('lte-m', bandwidthAlone)).toEqual(['network.delay']);
    expect(refused({ bandwidth: '1mbit', outage: 0.5 }, bandwidthAlone)).toEqual([]);
    expect(refused({ delay: '5ms' }, all)).toEqual([]);
    expect(refused({ delay: '5ms' })).toEqual([]);
  });
});

it('has the conditions of an instant from the changes until then, in any order', () => {
  const change = (at: number, network: NetworkForm): LiveAction => ({ at, action: networkAction(network) });
  const actions = [change(300, 'none'), change(100, { loss: 0.1 }), change(200, { loss: 0.2 })];
  const planned = { corrupt: 0.5 };
  expect([99, 100, 250, 300].map((at) => networkAt(planned, actions, at))).toEqual([
    planned,
    { ...planned, loss: 0.1 },
    { ...planned, loss: 0.2 },
    {},
  ]);
});
