import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { startTestIotCore } from '../../../support/iot-core/fixture.ts';
import { until } from '../../../support/until.ts';

const isInstalled = spawnSync('mosquitto_pub', ['--help']).error === undefined;
if (!isInstalled) {
  console.warn(
    'skipped: mosquitto_pub and mosquitto_sub are not installed (apt-get install mosquitto-clients)',
  );
}
const run = promisify(execFile);
const describeIfInstalled = isInstalled ? describe : describe.skip;

describeIfInstalled.each(['mqttv311', 'mqttv5'])('mosquitto clients, %s', (version) => {
  const publish = (port: number, ...args: string[]) =>
    run('mosquitto_pub', ['-h', '127.0.0.1', '-p', `${port}`, '-V', version, ...args]);

  /** mosquitto_sub until it has that many messages. @returns its lines: topic and payload */
  async function subscribe(
    iotCore: Awaited<ReturnType<typeof startTestIotCore>>,
    count: number,
    ...args: string[]
  ) {
    const before = iotCore.sum('Subscribe.Success');
    const format = ['-F', '%t %p %q %r', '-C', `${count}`, '-W', '20'];
    const child = spawn('mosquitto_sub', [
      '-h',
      '127.0.0.1',
      '-p',
      `${iotCore.mqttPort}`,
      '-V',
      version,
      ...format,
      ...args,
    ]);
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    const exited = once(child, 'close');
    await until(() => iotCore.sum('Subscribe.Success') > before);
    return async () => {
      await exited;
      return text.trim().split('\n');
    };
  }

  it.each([0, 1])('publish and subscribe at QoS %i', async (qos) => {
    const iotCore = await startTestIotCore();
    const lines = await subscribe(iotCore, 2, '-t', 'house/+/temperature', '-t', 'other', '-q', '1');
    await publish(iotCore.mqttPort, '-t', 'house/kitchen/temperature', '-m', '21', '-q', `${qos}`);
    await publish(iotCore.mqttPort, '-t', 'other', '-m', 'x', '-q', `${qos}`);
    expect(await lines()).toEqual([`house/kitchen/temperature 21 ${qos} 0`, `other x ${qos} 0`]);
  });

  it('get retained messages, and clear them', async () => {
    const iotCore = await startTestIotCore();
    await publish(iotCore.mqttPort, '-t', 'r', '-m', 'kept', '-q', '1', '-r');
    expect(await (await subscribe(iotCore, 1, '-t', 'r', '-q', '1'))()).toEqual(['r kept 1 1']);
    await publish(iotCore.mqttPort, '-t', 'r', '-n', '-q', '1', '-r');
    const lines = await subscribe(iotCore, 1, '-t', 'r', '-q', '1');
    await publish(iotCore.mqttPort, '-t', 'r', '-m', 'live', '-q', '1');
    expect(await lines()).toEqual(['r live 1 0']);
  });

  it('share a subscription', async () => {
    const iotCore = await startTestIotCore();
    const members = [
      await subscribe(iotCore, 1, '-t', '$share/g/s'),
      await subscribe(iotCore, 1, '-t', '$share/g/s'),
    ];
    // Each leaves with its first message, so that two messages reach both.
    await publish(iotCore.mqttPort, '-t', 's', '-m', 'a');
    await until(() => iotCore.sum('PublishOut.Success') === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await publish(iotCore.mqttPort, '-t', 's', '-m', 'b');
    const lines = await Promise.all(members.map((lines) => lines()));
    expect(lines.flat().sort()).toEqual(['s a 0 0', 's b 0 0']);
  });

  it('leave a will when killed', async () => {
    const iotCore = await startTestIotCore();
    const lines = await subscribe(iotCore, 1, '-t', 'wills/+', '-q', '1');
    const before = iotCore.sum('Connect.Success');
    const will = ['--will-topic', 'wills/m', '--will-payload', 'gone', '--will-qos', '1'];
    const child = spawn('mosquitto_sub', [
      '-h',
      '127.0.0.1',
      '-p',
      `${iotCore.mqttPort}`,
      '-V',
      version,
      '-t',
      'x',
      ...will,
    ]);
    await until(() => iotCore.sum('Connect.Success') > before);
    child.kill('SIGKILL');
    expect(await lines()).toEqual(['wills/m gone 1 0']);
  });

  it('find their messages after they were away', async () => {
    const iotCore = await startTestIotCore();
    const session = [
      '-i',
      'sleeper',
      '-c',
      '-q',
      '1',
      '-t',
      'q',
      ...(version === 'mqttv5' ? ['-x', '600'] : []),
    ];
    const first = await subscribe(iotCore, 1, ...session);
    await publish(iotCore.mqttPort, '-t', 'q', '-m', 'one', '-q', '1');
    expect(await first()).toEqual(['q one 1 0']);
    await publish(iotCore.mqttPort, '-t', 'q', '-m', 'two', '-q', '1');
    expect(await (await subscribe(iotCore, 1, ...session))()).toEqual(['q two 1 0']);
  });

  it('feed the rule, 1,000 lines in a row', async () => {
    // Several readers take the messages of a standard queue in any order; one keeps the order of the publisher.
    const iotCore = await startTestIotCore({
      queue: { maximumBatchingWindowMs: 5, readers: { mode: 'standard', maximumConcurrency: 1 } },
    });
    const child = spawn('mosquitto_pub', [
      '-h',
      '127.0.0.1',
      '-p',
      `${iotCore.mqttPort}`,
      '-V',
      version,
      '-t',
      'stampede/m',
      '-q',
      '1',
      '-l',
    ]);
    for (let n = 0; n < 1_000; n++) child.stdin.write(`{"stampede":{"n":${n}}}\n`);
    child.stdin.end();
    await once(child, 'close');
    await until(() => iotCore.arrivals.length === 1_000);
    expect(iotCore.arrivals.map(({ n }) => n)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    expect(iotCore.sum('PublishIn.Success')).toBe(1_000);
  });
});
