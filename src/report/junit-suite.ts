/** One line of a pipeline's test report. */
export interface TestCase {
  readonly group: string;
  readonly name: string;
  /** Why it failed; absent: it did not. */
  readonly failure?: string | undefined;
  /** Why nothing was judged; absent: it was judged. */
  readonly skipped?: string | undefined;
}

export interface ConclusiveOptions {
  /** An inconclusive result is a failure; otherwise it is skipped, which pipelines show as neither. */
  readonly requireConclusive?: boolean | undefined;
}

/** Whether what was found can be relied on. @param doubt why not; undefined: it can */
export function conclusiveCase(
  group: string,
  doubt: string | undefined,
  { requireConclusive = false }: ConclusiveOptions,
): TestCase {
  const outcome = requireConclusive ? { failure: doubt } : { skipped: doubt };
  return { group, name: 'the result is conclusive', ...(doubt === undefined ? {} : outcome) };
}

export interface Suite {
  readonly name: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly cases: readonly TestCase[];
  readonly properties: readonly (readonly [string, string])[];
}

export function renderSuite({ name, startedAt, seconds, cases, properties }: Suite): string {
  const suite = `stampede.${name}`;
  const counts = attributes({
    tests: cases.length,
    failures: cases.filter(({ failure }) => failure !== undefined).length,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    errors: 0,
    time: seconds.toFixed(3),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: 'stampede' })} ${counts}>`,
    `  <testsuite ${attributes({ name: suite })} ${counts} ${attributes({ timestamp: startedAt.slice(0, 19) })}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property ${attributes({ name: key, value })}/>`),
    '    </properties>',
    ...cases.flatMap((each) => renderCase(suite, each)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function renderCase(suite: string, { group, name, failure, skipped }: TestCase): string[] {
  const head = attributes({ classname: `${suite}.${group}`, name, time: '0.000' });
  if (failure !== undefined) {
    return [
      `    <testcase ${head}>`,
      `      <failure ${attributes({ message: failure, type: group })}/>`,
      '    </testcase>',
    ];
  }
  if (skipped !== undefined) {
    return [
      `    <testcase ${head}>`,
      `      <skipped ${attributes({ message: skipped })}/>`,
      '    </testcase>',
    ];
  }
  return [`    <testcase ${head}/>`];
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeAttribute(String(value))}"`)
    .join(' ');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 does not allow become blanks: reasons may contain any text of a service. */
function escapeAttribute(text: string): string {
  return text
    .replace(/[^\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ' ')
    .replace(/[&<>"]/g, (character) => entities[character]!);
}
