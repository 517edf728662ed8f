import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { readProfileFile } from '../../../../src/cli/options/profile-file.ts';

it('reads the .proto files that a profile names, from its own directory', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'stampede-proto-'));
  const schema = 'message A {}';
  writeFileSync(path.join(directory, 'a.proto'), schema);
  const of = (file: string) => ({ encoding: { protobuf: { file, message: 'A' } } });
  const profile = {
    publish: of('a.proto'),
    groups: { g: { messages: { m: of('b.proto'), n: { encoding: 'cbor' } } } },
  };
  const file = path.join(directory, 'profile.json');
  writeFileSync(file, JSON.stringify(profile));
  const { value, errors } = await readProfileFile(file);
  expect(value).toMatchObject({
    ...profile,
    publish: { encoding: { protobuf: { file: 'a.proto', schema } } },
  });
  expect(errors).toEqual([
    {
      path: 'groups.g.messages.m.encoding.protobuf.file',
      message: expect.stringMatching(/^cannot be read: .*no such file/),
      hint: 'give its path from the directory of the profile',
    },
  ]);
});

it('reads CSV files of the profile for its groups and kinds', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'stampede-csv-'));
  writeFileSync(path.join(directory, 'd.csv'), 'id\na\nb\n');
  const payload = { id: "{{csv('id')}}" };
  const file = path.join(directory, 'profile.json');
  const groups = { g: { messages: { m: { payload } } } };
  writeFileSync(
    file,
    JSON.stringify({ publish: { payload, csv: { devices: 'd.csv', values: 'none.csv' } }, groups }),
  );
  const { value, errors } = await readProfileFile(file);
  const filled = { id: "{{perDevice('a', 'b')}}" };
  expect(value).toEqual({
    publish: { payload: filled },
    groups: { g: { messages: { m: { payload: filled } } } },
  });
  expect(errors.map(({ path: at }) => at)).toEqual(['publish.csv.values']);
});
