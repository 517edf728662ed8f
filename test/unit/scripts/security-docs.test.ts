import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const fileOf = (path: string): URL => new URL(`../../../${path}`, import.meta.url);

/** Rows of the table of threats: `[file](file): title` in the last cell. */
function rowsOf(page: string): { threat: string; file: string; title: string }[] {
  const [, section = ''] = page.split('## Threats, and the tests that cover them');
  const [table = ''] = section.split('\n## ');
  return table
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| threat |'))
    .map((line) => {
      const [, threat = '', , test = ''] = line
        .split(' | ')
        .flatMap((cell, i) => (i === 0 ? ['', cell.slice(2)] : [cell]));
      const [, file = '', title = ''] = /^\[`[^`]+`\]\(([^)]+)\): (.+?) \|$/.exec(test) ?? [];
      return { threat, file, title };
    });
}

describe('the threats of SECURITY.md', () => {
  const rows = rowsOf(readFileSync(fileOf('SECURITY.md'), 'utf8'));

  it('are many', () => expect(rows.length).toBeGreaterThan(15));

  it.each(rows)('"$threat" names a test that exists', ({ file, title }) => {
    expect(file).not.toBe('');
    expect(existsSync(fileOf(file))).toBe(true);
    // As it stands in the source, as the title of a test.
    expect(readFileSync(fileOf(file), 'utf8')).toMatch(
      new RegExp(
        `\\bit(\\.each)?\\b[\\s\\S]*?['"\`]${title.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}['"\`]`,
      ),
    );
  });
});
