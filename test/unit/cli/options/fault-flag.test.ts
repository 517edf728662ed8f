import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { weatherOf } from '../../../../src/cli/options/fault-flag.ts';

describe('--weather', () => {
  it('is JSON, or a file with it', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'weather-'));
    const file = path.join(directory, 'storm.json');
    await writeFile(file, '{ "refuseConnects": 0.5 }');
    expect(await weatherOf({ weather: file })).toEqual({ weather: { refuseConnects: 0.5 } });
    await rm(directory, { recursive: true });
    expect(await weatherOf({ weather: ' {"ackDelay":20}' })).toEqual({ weather: { ackDelay: 20 } });
    expect(await weatherOf({})).toEqual({});
  });

  it.each([
    ['{"dropAcks":7}', /The weather has a fault:\n {2}dropAcks/],
    ['{"dropAck":1}', /did you mean "dropAcks"/],
    ['{"dropAcks":', /--weather has a fault/],
    ['nowhere.json', /--weather: nowhere.json cannot be read: ENOENT/],
  ])('%s is refused', async (weather, message) => {
    await expect(weatherOf({ weather })).rejects.toThrow(message);
  });
});
