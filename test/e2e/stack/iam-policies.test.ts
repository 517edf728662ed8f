import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import {
  actionsOf,
  callsIn,
  compareWithPolicy,
  policyNames,
  reachableFrom,
  readPolicy,
} from '../../support/stack/aws-calls.ts';

const cli = fileURLToPath(new URL('../../../src/cli/', import.meta.url));

/** Calls of modules that the command line shares with the functions, which alone make them. */
const callsOfFunctions = [
  's3/DeleteObjects', // of points that InfluxDB has by now, and of files that were folded
];
const ofStages = callsIn(reachableFrom(['src/cli/backend/stack-backend.ts']));
const ofCertificates = callsIn(reachableFrom(['src/cli/run/certificate-request.ts']));
const actionsOfCalls = (calls: Iterable<string>) =>
  [...calls].filter((call) => !callsOfFunctions.includes(call)).flatMap(actionsOf);

/** What the console of Step Functions asks for where a run is started and followed there. */
const consoleActions = [
  'states:ListStateMachines',
  'states:DescribeStateMachine',
  'states:GetExecutionHistory',
];

describe('calls of the command line', () => {
  it('come from the modules that are looked at here', () => {
    const withClients = readdirSync(cli, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && /from '@aws-sdk\//.test(readFileSync(cli + file, 'utf8')),
    );
    // attached-backend.ts talks to embedded AWS alone, with its own key.
    expect(withClients.sort()).toEqual([
      'backend/attached-backend.ts',
      'backend/stack-backend.ts',
      'backend/stack-figures.ts',
      'run/certificate-request.ts',
    ]);
    expect([...reachableFrom(['src/cli/backend/stack-backend.ts'])]).toContain(
      'src/cli/backend/stack-figures.ts',
    );
  });

  it('are found, those of functions too', () => {
    expect([...ofStages]).toEqual(
      expect.arrayContaining([...callsOfFunctions, 'cloudformation/DescribeStacks', 'sfn/StartExecution']),
    );
    expect([...ofCertificates]).toEqual(
      expect.arrayContaining(['iot/CreateKeysAndCertificate', 'secrets-manager/CreateSecret']),
    );
  });
});

describe('docs/iam', () => {
  it('ci.json allows what run, watch, set, stop and report call, and no more', () => {
    expect(compareWithPolicy('ci', actionsOfCalls(ofStages))).toEqual({ missing: [], unneeded: [] });
  });

  it('runner.json allows these, certs and the console, and no more', () => {
    const needed = [...actionsOfCalls([...ofStages, ...ofCertificates]), ...consoleActions];
    expect(compareWithPolicy('runner', needed)).toEqual({ missing: [], unneeded: [] });
  });

  it('is compared both ways', () => {
    expect(compareWithPolicy('ci', [])).toHaveProperty('unneeded', expect.arrayContaining(['s3:GetObject']));
    expect(compareWithPolicy('ci', ['s3:PutBucketPolicy'])).toHaveProperty('missing', ['s3:PutBucketPolicy']);
  });

  it.each(policyNames)('%s.json is a managed policy that IAM takes', (name) => {
    const policy = readPolicy(name);
    expect(Object.keys(policy)).toEqual(['Version', 'Statement']);
    expect(policy.Version).toBe('2012-10-17');
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space is not counted.
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(6_144);
    const sids = policy.Statement.map(({ Sid }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
    for (const { Sid, Effect, Action, Resource, Condition = {}, ...others } of policy.Statement) {
      expect({ Effect, others }).toEqual({ Effect: 'Allow', others: {} });
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(new Set(Action).size).toBe(Action.length);
      for (const action of Action) expect(action).toMatch(/^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/);
      // Of no literal partition, account or Region.
      for (const resource of [Resource].flat()) {
        expect(resource).toMatch(/^(\*|arn:\*:[a-z0-9-]+:\*?:\*?:[A-Za-z0-9*/:_-]+)$/);
      }
      for (const operator of Object.keys(Condition)) expect(operator).toMatch(/^(StringEquals|ArnLike)$/);
    }
  });

  it.each(policyNames)('%s.json reaches nothing of other stacks by a resource that can be named', (name) => {
    const unbound = readPolicy(name).Statement.filter(({ Resource, Condition }) =>
      [Resource].flat().some((resource) => !resource.includes('stampede-') && Condition === undefined),
    );
    const actions = unbound.flatMap(({ Action }) => Action);
    // These know no resources, or none whose name is known beforehand: certificates have ids, AWS names the rule, and layers are the user’s own.
    const listed = {
      ci: /^(iot:DescribeEndpoint|servicequotas:\w+|lambda:GetAccountSettings|cloudwatch:GetMetricData)$/,
      runner:
        /^(iot:(DescribeEndpoint|CreateKeysAndCertificate|AttachPolicy|DetachPolicy|UpdateCertificate|DeleteCertificate)|servicequotas:\w+|lambda:GetAccountSettings|cloudwatch:GetMetricData|states:ListStateMachines)$/,
      deployer:
        /^(cloudformation:ValidateTemplate|logs:DescribeLogGroups|lambda:GetLayerVersion|iot:(\w+TopicRule|TagResource|UntagResource|ListTagsForResource|DescribeEndpoint|ListRetainedMessages))$/,
    }[name];
    expect(actions.filter((action) => !listed.test(action))).toEqual([]);
  });
});
