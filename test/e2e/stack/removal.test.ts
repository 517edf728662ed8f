import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import Cleanup from '../../../stack/plugins/cleanup.js';

// What `sls remove` does before CloudFormation does the rest, for each way in which arrivals are read.

interface Request {
  readonly hostname: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const types = ['AWS::Lambda::EventSourceMapping'];

/** Of the stack's own file for that subscriber. */
function mappingsOf(subscriber: string): string[] {
  const file = path.join(import.meta.dirname, `../../../stack/arrivals-${subscriber}.yml`);
  const { Resources } = parse(readFileSync(file, 'utf8')) as { Resources: Record<string, { Type: string }> };
  return Object.entries(Resources).flatMap(([name, { Type }]) => (types.includes(Type) ? [name] : []));
}

/** An account with one stack: its mapping reads on for a second after it was asked to stop, and what it reads is stored. */
function makeAccount(subscriber: string) {
  const mappings = new Map(mappingsOf(subscriber).map((name) => [name, 'Enabled']));
  const keys = new Set(['runs/a/plan.json', 'runs/a/arrivals/1.json']);
  const log: string[] = [];
  const resources = [
    ['AWS::S3::Bucket', 'RunBucket', 'the-bucket'],
    ...[...mappings.keys()].map((name) => [types[0], name, `uuid-${name}`]),
  ];
  const respond = (text: string) => ({
    statusCode: 200,
    headers: {},
    body: Readable.from([Buffer.from(text)]),
  });
  const xml = (text: string) => respond(`<r>${text}</r>`);
  const json = (value: unknown) => respond(JSON.stringify(value));
  const cloudFormation = (body: string) =>
    body.includes('ListStackResources')
      ? xml(
          `<ListStackResourcesResult><StackResourceSummaries>${resources
            .map(
              ([type, name, id]) =>
                `<member><ResourceType>${type}</ResourceType><LogicalResourceId>${name}</LogicalResourceId><PhysicalResourceId>${id}</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>`,
            )
            .join('')}</StackResourceSummaries></ListStackResourcesResult>`,
        )
      : xml(
          '<DescribeStacksResult><Stacks><member><StackName>s</StackName><EnableTerminationProtection>false</EnableTerminationProtection></member></Stacks></DescribeStacksResult>',
        );
  const lambda = ({ method, path: at }: Request) => {
    const name = at.split('uuid-')[1]!.replace(/\/$/, '');
    const state = mappings.get(name)!;
    if (method === 'PUT') {
      log.push('off');
      mappings.set(name, 'Disabling');
      // Its last batch.
      keys.add('runs/a/arrivals/2.json');
    } else if (state === 'Disabling') mappings.set(name, 'Disabled');
    return json({ UUID: name, State: state });
  };
  const bucket = ({ method }: Request) => {
    if (method === 'POST') {
      log.push('emptied');
      keys.clear();
      return xml('');
    }
    return xml(
      [...keys].map((key) => `<Version><Key>${key}</Key><VersionId>null</VersionId></Version>`).join(''),
    );
  };
  const answer = (request: Request) => {
    const [service = ''] = request.hostname.replace('the-bucket.', '').split('.');
    const body = String(request.body ?? '');
    switch (service) {
      case 'cloudformation':
        return cloudFormation(body);
      case 'lambda':
        return lambda(request);
      case 's3':
        return bucket(request);
      case 'iot':
        return json({ endpointAddress: 'data-ats.iot.us-east-1.amazonaws.com' });
      case 'data-ats':
        return json({ retainedTopics: [] });
      default:
        throw new Error(`nothing answers ${request.method} ${request.hostname}${request.path}`);
    }
  };
  const requestHandler = { handle: async (request: Request) => ({ response: answer(request) }) };
  return { mappings, keys, log, requestHandler };
}

it.each([
  ['queue', 1],
  ['stream', 1],
  ['direct', 0],
])('with subscriber: %s, readers are off before the run store is emptied', async (subscriber, readers) => {
  const { mappings, keys, log, requestHandler } = makeAccount(subscriber);
  const config = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler,
  };
  const provider = { getAwsSdkV3Config: async () => config, naming: { getStackName: () => 's' } };
  const notices: string[] = [];
  const cleanup = new Cleanup(
    { getProvider: () => provider },
    {},
    {
      log: { notice: (text: string) => notices.push(text), warning: (text: string) => notices.push(text) },
      progress: { get: () => ({ notice: () => undefined, remove: () => undefined }) },
    },
  );
  await cleanup.hooks['before:remove:remove']();
  expect([...mappings.values()]).toEqual(Array.from({ length: readers }, () => 'Disabled'));
  expect(log).toEqual([...Array.from({ length: readers }, () => 'off'), 'emptied']);
  expect([...keys]).toEqual([]);
  expect(notices).toEqual(['Run store emptied (1 runs)']);
});
