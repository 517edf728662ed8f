import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseDeployment } from '../../../src/plan/deployment.ts';
import CheckParameters from '../../../stack/plugins/check-parameters.js';

interface Service {
  readonly params: { readonly default: Readonly<Record<string, unknown>> };
  readonly custom: {
    readonly deployment: string;
    readonly arrivalBatches: Readonly<Record<string, unknown>>;
  };
}

const service = parse(readFileSync(new URL('../../../serverless.yml', import.meta.url), 'utf8')) as Service;

/** `custom.deployment` as the framework resolves it. */
function deploymentWith(given: Readonly<Record<string, string>>): string {
  const values: Readonly<Record<string, unknown>> = { ...service.params.default, ...given };
  return service.custom.deployment
    .replaceAll(/\$\{self:custom\.arrivalBatches\.(\w+)\}/g, (_all, name: string) =>
      String(service.custom.arrivalBatches[name]),
    )
    .replaceAll(/\$\{param:(\w+)(?:, '(\w+)')?\}/g, (_all, name: string, otherwise?: string) =>
      String(values[name] ?? otherwise),
    );
}

function check(given: Readonly<Record<string, string>>): void {
  const deployment = deploymentWith(given);
  new CheckParameters({ service: { custom: { deployment } }, classes: { Error } }).hooks[
    'before:package:cleanup'
  ]();
}

const names = [
  'measureConcurrency',
  'streamShards',
  'publishConcurrency',
  'sliceSeconds',
  'retentionDays',
  'maxCostUsd',
  'maxDevices',
  'maxMessagesPerSecond',
  'maxConcurrentExecutions',
  'allowForce',
];

describe('a parameter of the stack', () => {
  it('may be what serverless.yml has', () => expect(() => check({})).not.toThrow());

  it('stops the packaging where it has no meaning, and all are named at once', () => {
    const given = { maxCostUsd: '$5', maxDevices: '1e6', allowForce: 'yes', measureConcurrency: 'many' };
    const message = [
      '--param measureConcurrency=many: must be a number',
      '--param maxCostUsd=$5: must be a number above 0, or none',
      '--param maxDevices=1e6: must be a number above 0, or none',
      '--param allowForce=yes: must be true or false',
      'docs/deploy.md lists the parameters of the stack.',
    ].join('\n');
    expect(() => check(given)).toThrow(message);
  });

  it('is refused where the plan function would refuse it, and nowhere else', () => {
    const text = fc.oneof(
      fc.constantFrom(
        'none',
        'true',
        'false',
        'null',
        '0',
        '1',
        '-1',
        '1.5',
        '.5',
        '1e3',
        '0x10',
        '',
        ' 1',
        'NaN',
        'Infinity',
      ),
      fc.integer({ min: -2, max: 1_000_000 }).map(String),
      fc.stringMatching(/^[a-z0-9.$+ -]{0,8}$/),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), text, (name, value) => {
        let isRefused = false;
        try {
          parseDeployment(deploymentWith({ [name]: value }));
        } catch {
          isRefused = true;
        }
        const attempt = expect(() => check({ [name]: value }));
        if (isRefused) attempt.toThrow(`--param ${name}=`);
        else attempt.not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});
