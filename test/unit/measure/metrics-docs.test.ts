import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { liveMeasurements } from '../../../src/live/live-points.ts';

// docs/metrics.md is what people write queries by: it lists every field with its type, and no other.

describe('docs/metrics.md', () => {
  it.each(Object.entries(liveMeasurements))('describes %s', async (name, { tags, fields }) => {
    const text = await readFile('docs/metrics.md', 'utf8');
    const [, section = ''] = text.split(`### \`${name}\``);
    const [described = ''] = section.split(/\n##/);
    for (const tag of tags) expect(described).toContain(`\`${tag}\``);
    const documented = new Map<string, string>();
    for (const [, names = '', type = ''] of described.matchAll(/^\| (`.*?) \| (int|float|string) \|/gm)) {
      for (const [, field = ''] of names.matchAll(/`(\w+)`/g))
        if (!field.startsWith('lt_')) documented.set(field, type);
    }
    expect(Object.fromEntries(documented)).toEqual(fields);
  });
});
