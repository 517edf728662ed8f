import { describe, expect, it } from '@jest/globals';
import { calm, parseWeatherChange, Weather } from '../../../src/embedded/iot-core/weather.ts';
import { VirtualClock } from '../../device/virtual-clock.ts';
import {
  connectClient,
  connectPacket,
  connectRaw,
  makeVirtualTime,
  roomyLimits,
  startTestIotCore,
  until,
} from './fixture.ts';

const settings = { dropDeliveries: 0.1, dropAcks: 0.2, seed: 7 };

describe('Weather', () => {
  it('drops by its seed, about the share it is told, and counts what it dropped', () => {
    const drops = (seed: number) => {
      const weather = new Weather(new VirtualClock(), { ...settings, seed });
      const deliveries = Array.from({ length: 10_000 }, () => weather.dropsDelivery());
      const acks = Array.from({ length: 10_000 }, () => weather.dropsAck());
      expect(weather.report()).toMatchObject({
        droppedDeliveries: deliveries.filter(Boolean).length,
        droppedAcks: acks.filter(Boolean).length,
      });
      return { deliveries, acks };
    };
    expect(drops(1)).toEqual(drops(1));
    expect(drops(1)).not.toEqual(drops(2));
    expect(drops(1).deliveries.filter(Boolean).length / 10_000).toBeCloseTo(0.1, 1);
    expect(drops(1).acks.filter(Boolean).length / 10_000).toBeCloseTo(0.2, 1);
  });

  it('lists every fault of a change', () => {
    expect(() => parseWeatherChange({ dropAcks: 2, pauseMs: -1, wind: 3 }, calm)).toThrow(
      /3 faults[\s\S]*wind[\s\S]*dropAcks[\s\S]*pauseMs/,
    );
    expect(parseWeatherChange({ dropAcks: 0.5 }, settings)).toEqual({
      settings: { ...settings, dropAcks: 0.5 },
      pauseMs: 0,
    });
  });
});

describe('the weather of a service', () => {
  it('loses exactly the deliveries and PUBACKs it says', async () => {
    const iotCore = await startTestIotCore({
      weather: { dropDeliveries: 0.2, dropAcks: 0.1, seed: 3 },
      // All at once, and no PUBACK waited for.
      limits: { ...roomyLimits, unacknowledgedPerClient: 500 },
    });
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    for (let messageId = 1; messageId <= 500; messageId++) {
      raw.write({
        cmd: 'publish',
        topic: 'stampede/t',
        payload: JSON.stringify({ stampede: { n: messageId } }),
        qos: 1,
        messageId,
        dup: false,
        retain: false,
      });
    }
    raw.write({ cmd: 'pingreq' });
    await until(() => raw.packets.some(({ cmd }) => cmd === 'pingresp'));
    await iotCore.admin('GET', '/queue?untilEmpty=true');
    const weather = (await iotCore.admin('GET', '/weather')) as Record<string, number>;
    expect(weather.droppedDeliveries).toBeGreaterThan(50);
    expect(iotCore.arrivals).toHaveLength(500 - weather.droppedDeliveries!);
    expect(raw.packets.filter(({ cmd }) => cmd === 'puback')).toHaveLength(500 - weather.droppedAcks!);
    expect(iotCore.sum('PublishIn.Success')).toBe(500);
  });

  it('changes over HTTP', async () => {
    const iotCore = await startTestIotCore();
    const { client } = await connectClient(iotCore);
    expect(await iotCore.admin('POST', '/weather', { dropDeliveries: 1 })).toMatchObject({
      settings: { dropDeliveries: 1, dropAcks: 0 },
    });
    await client.publishAsync('stampede/t', '{}', { qos: 1 });
    expect(await iotCore.admin('POST', '/weather', { dropDeliveries: 0 })).toMatchObject({
      droppedDeliveries: 1,
    });
    await client.publishAsync('stampede/t', '{}', { qos: 1 });
    await until(() => iotCore.arrivals.length === 1);
    expect(await iotCore.admin('POST', '/weather', { dropDeliveries: 'all' })).toMatchObject({
      message: expect.stringContaining('dropDeliveries'),
    });
  });

  it('pauses: nothing is read, answered or delivered, then everything is', async () => {
    const { clock, advance } = makeVirtualTime();
    const iotCore = await startTestIotCore({}, clock);
    const raw = await connectRaw(iotCore);
    raw.write(connectPacket('raw'));
    await raw.packet(0);
    await iotCore.admin('POST', '/weather', { pauseMs: 60_000 });
    raw.write({
      cmd: 'publish',
      topic: 'stampede/t',
      payload: '{}',
      qos: 1,
      messageId: 1,
      dup: false,
      retain: false,
    });
    const newcomer = await connectRaw(iotCore);
    newcomer.write(connectPacket('newcomer'));
    const overHttp = fetch(`http://127.0.0.1:${iotCore.httpPort}/topics/stampede%2Ft?qos=1`, {
      method: 'POST',
      body: '{}',
    });
    expect(await iotCore.admin('GET', '/weather')).toMatchObject({ paused: true, pauses: 1 });
    // Longer than any keep-alive would allow a silent client.
    await advance(59_000);
    expect(raw.packets).toHaveLength(1);
    expect(newcomer.packets).toHaveLength(0);
    expect(iotCore.sum('PublishIn.Success')).toBe(0);
    await advance(2_000);
    expect(await raw.packet(1)).toMatchObject({ cmd: 'puback', messageId: 1 });
    expect(await newcomer.packet(0)).toMatchObject({ cmd: 'connack', returnCode: 0 });
    expect((await overHttp).status).toBe(200);
    await advance(1_000);
    await until(() => iotCore.arrivals.length === 2);
    expect(await iotCore.admin('GET', '/weather')).toMatchObject({
      paused: false,
      pauses: 1,
      pausedMs: 60_000,
    });
  });
});
