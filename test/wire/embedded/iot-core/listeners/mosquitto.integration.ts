import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  makeCertificates,
  writeCertificates,
} from '../../../../../src/embedded/iot-core/auth/certificates.ts';
import { atEnd } from '../../../../support/iot-core/fixture.ts';
import {
  type GuardedIotCore,
  policyOf,
  startGuarded,
} from '../../../../support/iot-core/listeners/listener-fixture.ts';

const isInstalled = spawnSync('mosquitto_pub', ['--help']).error === undefined;
if (!isInstalled) {
  console.warn('skipped: mosquitto_pub is not installed (apt-get install mosquitto-clients)');
}
const describeIfInstalled = isInstalled ? describe : describe.skip;
const run = promisify(execFile);

function filesOf(iotCore: Pick<GuardedIotCore, 'certificates'>) {
  const directory = mkdtempSync(path.join(tmpdir(), 'stampede-certificates-'));
  atEnd(() => rmSync(directory, { recursive: true }));
  return writeCertificates(directory, iotCore.certificates);
}

type Arguments = (iotCore: GuardedIotCore) => string[];

const withCertificate: Arguments = (iotCore) => {
  const { caFile, certificateFile, keyFile } = filesOf(iotCore);
  return ['--cafile', caFile, '--cert', certificateFile, '--key', keyFile];
};
const withAuthorizer =
  (password: string): Arguments =>
  (iotCore) => [
    '--cafile',
    filesOf(iotCore).caFile,
    '--tls-alpn',
    'mqtt',
    '-u',
    'fleet?x-amz-customauthorizer-name=plain',
    '-P',
    password,
  ];

describeIfInstalled.each(['mqttv311', 'mqttv5'])('mosquitto clients, %s', (version) => {
  const publish = (port: number, args: readonly string[], topic = 'custom/1') =>
    run('mosquitto_pub', [
      ...[
        '-h',
        'localhost',
        '-p',
        `${port}`,
        '-V',
        version,
        '-i',
        'custom-1',
        '-q',
        '1',
        '-t',
        topic,
        '-m',
        'x',
      ],
      ...args,
    ]);

  it.each([
    ['a certificate on 8883', 'mqttsPort', withCertificate, []],
    ['a certificate on 443', 'wssPort', withCertificate, ['--tls-alpn', 'x-amzn-mqtt-ca']],
    ['a custom authorizer on 443', 'wssPort', withAuthorizer('open sesame'), []],
  ] as const)('come in by %s', async (_way, port, credentials, more) => {
    const iotCore = await startGuarded();
    await publish(iotCore[port], [...credentials(iotCore), ...more]);
    expect([iotCore.sum('Connect.Success'), iotCore.sum('PublishIn.Success')]).toEqual([1, 1]);
  });

  it('are refused with an unregistered certificate, and by a custom authorizer', async () => {
    const iotCore = await startGuarded();
    const { certificateFile, keyFile } = filesOf({ certificates: await makeCertificates(Date.now()) });
    const unregistered = ['--cafile', filesOf(iotCore).caFile, '--cert', certificateFile, '--key', keyFile];
    await expect(publish(iotCore.mqttsPort, unregistered)).rejects.toMatchObject({
      code: expect.any(Number),
    });
    const guess = withAuthorizer('guess')(iotCore);
    await expect(publish(iotCore.wssPort, guess)).rejects.toMatchObject({ code: expect.any(Number) });
    expect([iotCore.sum('Connect.AuthError'), iotCore.sum('Connect.Success')]).toEqual([2, 0]);
  });

  it('do not trust a service whose authority is not the one they were given', async () => {
    const iotCore = await startGuarded();
    const { caFile } = filesOf({ certificates: await makeCertificates(Date.now()) });
    const { certificateFile, keyFile } = filesOf(iotCore);
    const args = ['--cafile', caFile, '--cert', certificateFile, '--key', keyFile];
    await expect(publish(iotCore.mqttsPort, args)).rejects.toMatchObject({
      stderr: expect.stringMatching(/certificate verify failed|TLS error/i),
    });
  });

  it('publish within their policy only', async () => {
    const fleetPolicies = [policyOf(['iot:Connect', 'iot:Publish'], 'client/custom-*', 'topic/custom/*')];
    const iotCore = await startGuarded({ fleetPolicies });
    const args = withCertificate(iotCore);
    await publish(iotCore.mqttsPort, args);
    await expect(publish(iotCore.mqttsPort, args, 'other')).rejects.toMatchObject({
      code: expect.any(Number),
    });
    expect([iotCore.sum('PublishIn.Success'), iotCore.sum('PublishIn.AuthError')]).toEqual([1, 1]);
  });
});
