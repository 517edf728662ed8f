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
