import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../../../../src/embedded/gateway/gateway.ts';
import { makeInfluxDb } from '../../../../src/embedded/influxdb/influxdb.ts';
import { makeLiveTotals } from '../../../../src/embedded/influxdb/live-totals.ts';
import { liveMeasurements } from '../../../../src/live/live-points.ts';
import { type MemoryInflux, startMemoryInflux } from '../../../support/influx/memory-influx.ts';

let influx: MemoryInflux;
let gateway: Gateway;
beforeAll(async () => {
  influx = await startMemoryInflux();
  const service = makeInfluxDb({
    org: 'o',
    bucket: 'b',
    token: 'of-this-start',
    totals: makeLiveTotals(),
    relayTo: influx.server,
  });
  gateway = await startGateway({ accessKeys: [], signed: {}, unsigned: [['/', service]] });
});
afterAll(async () => {
  await gateway.close();
  await influx.close();
});

const write = async (lines: string, token = 'of-this-start', packed = false): Promise<number> => {
  const answer = await fetch(`${gateway.url}/api/v2/write?org=o&bucket=b`, {
    method: 'POST',
    headers: { authorization: `Token ${token}`, ...(packed ? { 'content-encoding': 'gzip' } : {}) },
    body: packed ? gzipSync(lines) : lines,
  });
  return answer.status;
};

it('passes Stampede’s own measurements on, all of them', async () => {
  for (const measurement of Object.keys(liveMeasurements))
    expect(await write(`${measurement},run=r,protocol=mqtt,stage=1 slice=0i 1`)).toBe(204);
  expect(influx.writes).toBe(Object.keys(liveMeasurements).length);
});

it('passes nothing else on with the user’s token, nor what does not come with this start’s', async () => {
  const before = influx.writes;
  for (const packed of [false, true]) {
    expect(await write('billing,of=user total=1i', undefined, packed)).toBe(403);
    expect(await write('stampede_slice,run=r slice=0i 1\nbilling total=1i', undefined, packed)).toBe(403);
    expect(await write('stampede_slice_x,run=r slice=0i 1', undefined, packed)).toBe(403);
    expect(await write('toString,run=r slice=0i 1', undefined, packed)).toBe(403);
    for (const token of ['embedded', '', 'of-this-start2', influx.server.token])
      expect(await write('stampede_slice,run=r slice=0i 1', token, packed)).toBe(401);
  }
  expect(influx.writes).toBe(before);
});
