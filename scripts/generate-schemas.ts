/**
 * Writes the JSON Schemas that editors and other programs read, the code that checks stored files, and the index of error codes. `--check` writes nothing, and fails where one is not
 * what its source gives.
 */
import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { profileSchema } from '../src/profile/schema.ts';
import { makeErrorIndex } from './error-index.ts';
import { jsonSchemaOfType } from './json-schema-of-type.ts';
import { validatorFiles } from './stored-file-validators.ts';

// Draft 7, which every editor supports; `input`, because people write what stands before the defaults.
const json = (schema: unknown) => `${JSON.stringify(schema, null, 2)}\n`;
const schemas = [
  {
    file: 'profiles/load-profile.schema.json',
    make: () => json(z.toJSONSchema(profileSchema, { target: 'draft-7', io: 'input' })),
  },
  {
    file: 'docs/report.schema.json',
    make: () => json(jsonSchemaOfType('src/report/report-model.ts', 'Report')),
  },
  { file: 'docs/errors.md', make: makeErrorIndex },
  ...validatorFiles,
];

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');

for (const { file, make } of schemas) {
  const wanted = make();
  const url = new URL(file, root);
  if (!check) {
    await writeFile(url, wanted);
    console.log(`wrote ${file}`);
  } else if ((await readFile(url, 'utf8').catch(() => '')) !== wanted) {
    console.error(`${file} is stale: run \`npm run schemas\``);
    process.exitCode = 1;
  }
}
