import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Report } from '../../../src/report/report-model.ts';
import { makeWorkplace, runCli, type Workplace } from '../../support/cli/run-cli.ts';
import {
  isMosquittoInstalled,
  type MosquittoTarget,
  startMosquittoTarget,
} from '../../support/targets/mosquitto.ts';

// A broker that is not ours, loaded by the command line as a user loads it.

const devices = 12;
const profile = {
  name: 'broker',
  devices,
  ratePerSecond: 12,
  duration: '10s',
  drain: '1s',
  connect: { ratePerSecond: 100 },
  slices: { devicesPerSlice: 6 },
};

let broker: MosquittoTarget;
let workplace: Workplace;
let file: string;
beforeAll(async () => {
  if (!isMosquittoInstalled) return;
  broker = await startMosquittoTarget(devices);
  workplace = makeWorkplace();
  file = workplace.writeProfile('broker.json', profile);
});
afterAll(async () => {
  await broker?.close();
  workplace?.remove();
});

const runsOf = () => path.join(workplace.directory, 'runs');

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, of = file) {
  const result = await runCli(['run', of, '--runs', runsOf(), ...args], env);
  return { ...result, output: `${result.stdout}${result.stderr}` };
}

async function reportOf(args: readonly string[], env?: Readonly<Record<string, string>>, of?: string) {
  const { output } = await run(args, env, of);
  const [, file_ = ''] = /^\s*(\S+report\.json)$/m.exec(output) ?? [];
  if (file_ === '') throw new Error(output);
  return { output, report: JSON.parse(readFileSync(file_, 'utf8')) as Report };
}

function expectBalanced({ messages, devices: counts, conditions, imbalances, ...report }: Report): void {
  expect(counts).toMatchObject({ planned: devices, connected: devices });
  // A slow machine may start a slice late, and a late subscriber does not say what it missed: that is not lost.
  const { sent } = messages;
  expect(sent).toBeGreaterThan(0);
  expect(messages.received).toBeGreaterThan(0);
  expect(messages).toMatchObject({ intended: 120, acked: sent, lost: 0 });
  expect(imbalances).toEqual([]);
  expect(conditions).toMatchObject({ isRehearsal: false });
  expect(report).not.toHaveProperty('cost');
}

/** Everything that runs have left, but the password file itself. */
function textsIn(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

(isMosquittoInstalled ? describe : describe.skip)('Mosquitto as the target', () => {
  it('is loaded with a password a device, from a file beside the profile', async () => {
    const passwords = Array.from({ length: devices }, (_, i) => `pw-d${i}`);
    writeFileSync(path.join(workplace.directory, 'passwords.txt'), `${passwords.join('\n')}\n`);
    const own = workplace.writeProfile('passwords.json', {
      ...profile,
      target: `mqtt://127.0.0.1:${broker.ports.password}`,
      connect: { ratePerSecond: 100, username: 'u-{deviceId}', password: { file: 'passwords.txt' } },
    });
    const { report } = await reportOf([], {}, own);
    expectBalanced(report);
  });

  it('is loaded with the password of a variable; no file of the run has it', async () => {
    const target = `mqtt://127.0.0.1:${broker.ports.password}`;
    const shown = ['--username', 'all', '--password-from', 'variable:BROKER_PASSWORD'];
    const { report, output } = await reportOf(['--target', target, ...shown], {
      BROKER_PASSWORD: 'secret-42',
    });
    expectBalanced(report);
    const left = textsIn(runsOf());
    expect(left).toContain('BROKER_PASSWORD');
    expect(`${left}${output}`).not.toMatch(/secret-42|pw-d\d/);
  });

  it('is loaded over mutual TLS, with one certificate and with one a device', async () => {
    const { ca, cert, key, pairs } = broker.files;
    const target = ['--target', `mqtts://127.0.0.1:${broker.ports.mutual}`, '--ca', ca];
    const [one, each] = await Promise.all([
      reportOf([...target, '--cert', cert, '--key', key]),
      reportOf([...target, '--cert', pairs]),
    ]);
    expectBalanced(one.report);
    expectBalanced(each.report);
    // The first line of a key is the same in all keys of its kind.
    const [, , ofKey = ''] = readFileSync(key, 'utf8').split('\n');
    expect(ofKey).toMatch(/^[A-Za-z0-9+/]{20,}/);
    expect(textsIn(runsOf())).not.toContain(ofKey.slice(0, 40));
  });

  it('is loaded over WebSocket; a certificate that is not checked stands in the report', async () => {
    const [socket, unchecked] = await Promise.all([
      reportOf(['--target', `ws://127.0.0.1:${broker.ports.webSocket}/mqtt`]),
      reportOf(['--target', `mqtts://127.0.0.1:${broker.ports.expired}`, '--insecure']),
    ]);
    expectBalanced(socket.report);
    expectBalanced(unchecked.report);
    expect(unchecked.output).toContain('warning     the certificate of the target is not checked');
    expect(unchecked.output.replace(/\s+/g, ' ')).toContain('The certificate of the target was not checked');
  });

  describe('refuses with one message and starts nothing', () => {
    const at = (scheme: string, port: keyof MosquittoTarget['ports'] | number) =>
      `${scheme}://127.0.0.1:${typeof port === 'number' ? port : broker.ports[port]}`;
    const cases: readonly [what: string, args: () => readonly string[], code: number, message: RegExp][] = [
      ['a refused connection', () => ['--target', at('mqtt', 1)], 3, /refuses connections/],
      [
        'an unreachable host',
        () => ['--target', 'mqtt://host.invalid', '--allow-host', 'host.invalid'],
        3,
        /a host without an address/,
      ],
      [
        'a wrong password',
        () => ['--target', at('mqtt', 'password'), '--username', 'all', '--password-from', 'variable:HOME'],
        3,
        /refuses what device d0 shows \(NotAuthorized\)/,
      ],
      [
        'a variable that is not set',
        () => ['--target', at('mqtt', 'password'), '--username', 'all', '--password-from', 'variable:NOPE'],
        2,
        /the variable NOPE is not set/,
      ],
      [
        'a secret without a stack',
        () => ['--target', at('mqtt', 'password'), '--username', 'all', '--password-from', 'secret:x'],
        2,
        /connect\.password: is a secret of AWS Secrets Manager, and devices connect from this machine/,
      ],
      [
        'a password itself',
        () => ['--target', at('mqtt', 'password'), '--username', 'all', '--password-from', 'secret-42'],
        2,
        /--password-from: must be variable:NAME/,
      ],
      [
        'a wrong authority',
        () => ['--target', at('mqtts', 'mutual'), '--ca', broker.files.otherCa],
        3,
        /an authority that is not trusted here/,
      ],
      [
        'no certificate',
        () => ['--target', at('mqtts', 'mutual'), '--ca', broker.files.ca],
        3,
        /asks device d0 for a certificate/,
      ],
      [
        'a certificate of another authority',
        () => [
          ...['--target', at('mqtts', 'mutual'), '--ca', broker.files.ca],
          ...['--cert', broker.files.otherCert, '--key', broker.files.otherKey],
        ],
        3,
        /refuses the certificate of device d0/,
      ],
      [
        'a key of another certificate',
        () => [
          ...['--target', at('mqtts', 'mutual'), '--ca', broker.files.ca],
          ...['--cert', broker.files.cert, '--key', broker.files.otherKey],
        ],
        2,
        /is not the key of/,
      ],
      [
        'an expired certificate',
        () => ['--target', at('mqtts', 'expired'), '--ca', broker.files.ca],
        3,
        /has a certificate that has expired/,
      ],
      [
        'a host that is not allowed',
        () => ['--target', 'mqtt://broker.example.com'],
        3,
        /--allow-host broker\.example\.com/,
      ],
      [
        'QoS 2 at AWS IoT Core',
        () => ['--target', 'mqtts://abc-ats.iot.eu-west-1.amazonaws.com', '--qos', '2'],
        2,
        /--qos/,
      ],
      [
        'a web service with a setting of MQTT',
        () => ['--target', 'http://127.0.0.1:1/x', '--protocol', 'mqtt'],
        2,
        /--protocol: is "mqtt"/,
      ],
    ];

    it.each(cases)('%s', async (_what, args, code, message) => {
      const before = existsSync(runsOf()) ? readdirSync(runsOf()) : [];
      const result = await run(args());
      expect(result.output).toMatch(message);
      expect(result.code).toBe(code);
      expect(result.output).toContain('→');
      expect(result.output).not.toMatch(/ {4}at |secret-42/);
      expect(existsSync(runsOf()) ? readdirSync(runsOf()) : []).toEqual(before);
    });
  });
});
