import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { linkNameOf, ownPrefix } from '../../../../src/embedded/network/namespace-names.ts';
import { probeKernel } from '../../../../src/embedded/network/probe-kernel.ts';
import { exitCodes } from '../../../../src/shared/errors.ts';

const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;

describe('a machine that cannot make networks', () => {
  afterEach(() => {
    jest.restoreAllMocks();
    Object.defineProperty(process, 'platform', platform);
  });

  it.each(['darwin', 'win32'])('is refused: %s', async (value) => {
    Object.defineProperty(process, 'platform', { ...platform, value });
    await expect(probeKernel()).rejects.toMatchObject({
      message: `--netem: network namespaces are Linux’s, and this is ${value}`,
      hint: expect.stringMatching(/^leave out --netem/),
      exitCode: exitCodes.refusedByPreflight,
    });
  });

  it('is refused without root', async () => {
    Object.defineProperty(process, 'platform', { ...platform, value: 'linux' });
    process.getuid ??= () => 0;
    jest.spyOn(process as Required<typeof process>, 'getuid').mockReturnValue(1_000);
    await expect(probeKernel()).rejects.toMatchObject({
      message: '--netem: only root makes network namespaces',
      hint: expect.stringMatching(/^start it by sudo, or leave out --netem/),
      exitCode: exitCodes.refusedByPreflight,
    });
  });
});

describe('names of what a process makes', () => {
  it('say whose they are', () => {
    expect(ownPrefix()).toMatch(new RegExp(`^stampede-${process.pid}-\\d+-$`));
  });

  it('fit an interface of Linux, for any process', () => {
    // /proc/sys/kernel/pid_max is 2²² at most.
    expect(linkNameOf(4_194_304, 4_095).length).toBeLessThanOrEqual(15);
    const names = [1, 2, 35, 36, 1_296].flatMap((pid) => [0, 1, 36].map((n) => linkNameOf(pid, n)));
    expect(new Set(names).size).toBe(15);
  });
});
