import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { faultSettingsOf } from '../../../../src/cli/options/fault-flag.ts';

describe('--faults', () => {
  it('is JSON, or a file with it', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'faults-'));
    const file = path.join(directory, 'storm.json');
    await writeFile(file, '{ "refuseConnects": 0.5 }');
    expect(await faultSettingsOf({ faults: file })).toEqual({ faults: { refuseConnects: 0.5 } });
    await rm(directory, { recursive: true });
    expect(await faultSettingsOf({ faults: ' {"ackDelay":20}' })).toEqual({ faults: { ackDelay: 20 } });
    expect(await faultSettingsOf({})).toEqual({});
  });

  it.each([
    ['{"dropAcks":7}', /The description of faults has an error:\n {2}dropAcks/],
    ['{"dropAck":1}', /did you mean "dropAcks"/],
    ['{"dropAcks":', /--faults has an error/],
    ['nowhere.json', /--faults: nowhere.json cannot be read: ENOENT/],
  ])('%s is refused', async (faults, message) => {
    await expect(faultSettingsOf({ faults })).rejects.toThrow(message);
  });
});
