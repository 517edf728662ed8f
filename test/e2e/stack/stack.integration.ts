import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import validateStates from 'asl-validator';
import { defaultCeilings } from '../../../src/plan/ceilings.ts';
import { defaultDeployment, parseDeployment } from '../../../src/plan/deployment.ts';
import {
  createdBefore,
  policiesOf,
  renderText,
  type Statement,
  statementsOf,
  type Template,
} from '../../support/stack/cloudformation.ts';
import { copyService, type PackagedStack } from '../../support/stack/packaged-stack.ts';
import { payloadLayers, permissionsBoundary, sharedStack } from '../../support/stack/shared-stacks.ts';
import { allowedWildcards, isAllowed, wildcardsIn } from '../../support/stack/wildcards.ts';

const functions = ['plan', 'publish-mqtt', 'publish-http', 'subscribe', 'measure-latency', 'summarize'];
const mb = 1_000_000;

let stack: PackagedStack;
beforeAll(async () => {
  stack = await sharedStack('default');
}, 300_000);

const filesOf = (name: string): string[] => Object.keys(stack.zips.get(name)?.files ?? {});
const textOf = (name: string, file: string): string =>
  new TextDecoder().decode(stack.zips.get(name)?.files[file] ?? new Uint8Array());
const sourcesOf = (name: string): string[] =>
  (JSON.parse(textOf(name, `functions/${name}.cjs.map`)) as { sources: string[] }).sources;
const resourcesOf = (type: string) =>
  Object.entries(stack.template.Resources).filter(([, { Type }]) => Type === type);

describe('sls package, offline and without credentials', () => {
  it('makes a zip for each function', () => {
    expect([...stack.zips.keys()].sort()).toEqual(functions.toSorted());
  });

  it.each(functions)('%s is a bundle and its source map', (name) => {
    const own = filesOf(name).filter((file) => !file.startsWith('node_modules/'));
    expect(new Set(own)).toEqual(new Set([`functions/${name}.cjs`, `functions/${name}.cjs.map`]));
  });

  it('gives publish-mqtt one native file, for the architecture, in at most 5 MB', () => {
    expect(filesOf('publish-mqtt').filter((file) => file.endsWith('.node'))).toEqual([
      'node_modules/aws-crt/dist/bin/linux-arm64-glibc/aws-crt-nodejs.node',
    ]);
    expect(stack.zips.get('publish-mqtt')?.bytes).toBeLessThan(5 * mb);
  });

  it.each(functions.filter((name) => name !== 'publish-mqtt'))(
    'gives %s nothing of aws-crt, in at most 1 MB',
    (name) => {
      expect([...filesOf(name), ...sourcesOf(name)].filter((file) => /aws-crt|\.node$/.test(file))).toEqual(
        [],
      );
      expect(stack.zips.get(name)?.bytes).toBeLessThan(mb);
    },
  );

  it.each(functions)('gives %s nothing of embedded AWS, the command line or the tests', (name) => {
    expect(sourcesOf(name).some((file) => file.includes('src/'))).toBe(true);
    expect(sourcesOf(name).filter((file) => /\b(src\/(embedded|cli)|scripts|test)\//.test(file))).toEqual([]);
  });

  it.each(functions)('keeps the sources of %s out of its source map', (name) => {
    expect(JSON.parse(textOf(name, `functions/${name}.cjs.map`))).not.toHaveProperty('sourcesContent.0');
  });
});

describe('the packaged template', () => {
  it('runs each function on Node 24 and arm64, within its limits', () => {
    const settings = resourcesOf('AWS::Lambda::Function').map(([, { Properties }]) => Properties);
    for (const each of settings) {
      expect(each).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(each).not.toHaveProperty('TracingConfig');
      expect(each).not.toHaveProperty('ReservedConcurrentExecutions');
    }
    expect(settings).toHaveLength(functions.length);
  });

  it('keeps logs for as long as the run store keeps runs', () => {
    const retention = resourcesOf('AWS::Logs::LogGroup').map(
      ([, { Properties }]) => Properties?.RetentionInDays,
    );
    expect(retention).toEqual(functions.map(() => 14));
    expect(stack.template.Resources.RunBucket?.Properties).toMatchObject({
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 14 }] },
    });
  });

  it('feeds measure-latency from the queue, batch by batch, with partial responses and a dead-letter queue', () => {
    const [[, mapping] = []] = resourcesOf('AWS::Lambda::EventSourceMapping');
    expect(mapping?.Properties).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BatchSize: 350,
      MaximumBatchingWindowInSeconds: 1,
      ScalingConfig: { MaximumConcurrency: 300 },
      // Nothing, to CloudFormation: the two exclude each other.
      ProvisionedPollerConfig: { Ref: 'AWS::NoValue' },
    });
    const { subscriber, arrivals, stream } = defaultDeployment;
    const written = [stack.variablesOf('plan').DEPLOYMENT, stack.template.Outputs.Deployment?.Value];
    for (const json of written)
      expect(parseDeployment(String(json))).toEqual({
        subscriber,
        arrivals,
        stream,
        payloads: 'json',
        ceilings: defaultCeilings,
        retentionDays: 14,
      });
    expect(renderText(mapping?.Properties?.EventSourceArn)).toBe('<ArrivalsQueue.Arn>');
    expect(stack.template.Resources.ArrivalsQueue?.Properties).toHaveProperty(
      'RedrivePolicy.maxReceiveCount',
      3,
    );
    // AWS recommends six times the time-out of the function.
    const { Timeout } = resourcesOf('AWS::Lambda::Function').find(
      ([, { Properties }]) => Properties?.FunctionName === 'stampede-dev-measure-latency',
    )![1].Properties as { Timeout: number };
    expect(stack.template.Resources.ArrivalsQueue?.Properties?.VisibilityTimeout).toBe(6 * Timeout);
  });

  it('lets summarize ask the queues before it closes a ledger, and no more than that', () => {
    const summarize = resourcesOf('AWS::Lambda::Function').find(
      ([, { Properties }]) => Properties?.FunctionName === 'stampede-dev-summarize',
    )![1].Properties as { Environment: { Variables: Record<string, unknown> } };
    const { Variables } = summarize.Environment;
    const queues = ['ARRIVALS_QUEUE_URL', 'DEAD_LETTER_QUEUE_URL', 'RULE_ERROR_QUEUE_URL'];
    expect(queues.map((name) => renderText(Variables[name]))).toEqual([
      '<ArrivalsQueue>',
      '<DeadLetterQueue>',
      '<RuleErrorQueue>',
    ]);
    const policy = stack.template.Resources.BacklogPolicy?.Properties as {
      Roles: unknown[];
      PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] };
    };
    expect(policy.Roles.map(renderText)).toEqual(['<SummarizeRole>']);
    expect(
      policy.PolicyDocument.Statement.map(({ Action, Resource }) => [
        [Action].flat(),
        [Resource].flat().map(renderText),
      ]),
    ).toEqual([
      [['sqs:GetQueueAttributes'], ['<ArrivalsQueue.Arn>']],
      [
        ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        ['<DeadLetterQueue.Arn>', '<RuleErrorQueue.Arn>'],
      ],
    ]);
  });

  it('has the rule select the envelope and the clock, and an action for its errors', () => {
    const [[, rule] = []] = resourcesOf('AWS::IoT::TopicRule');
    expect(rule?.Properties).toHaveProperty(
      'TopicRulePayload.Sql',
      'SELECT stampede.run AS run, stampede.slice AS slice, stampede.deviceGroup AS deviceGroup, stampede.stream AS stream, stampede.n AS n, stampede.device AS device, ' +
        "stampede.at AS at, stampede.sent AS sent, timestamp() AS rule FROM 'stampede/dev/#'",
    );
    expect(rule?.Properties).toHaveProperty('TopicRulePayload.ErrorAction.Sqs');
  });

  it('deploys the state machine that is rehearsed, valid in every check', () => {
    const machine = stack.template.Resources.LoadTestStateMachine?.Properties;
    const file = new URL('../../../statemachine/load-test.asl.json', import.meta.url);
    expect(machine?.DefinitionString).toBe(readFileSync(file, 'utf8'));

    const values = machine?.DefinitionSubstitutions as Readonly<Record<string, unknown>>;
    expect(renderText(values.RunBucketName)).toBe('<RunBucket>');
    const definition = String(machine?.DefinitionString).replace(/\$\{(\w+)\}/g, (_whole, name: string) => {
      if (name === 'RunBucketName') return 'stampede-runs';
      if (name === 'PutObjectResource') return renderText(values[name]);
      expect(renderText(values[name])).toMatch(/^<\w+LambdaFunction\.Arn>$/);
      return `arn:aws:lambda:us-east-1:123456789012:function:stampede-dev-${name}`;
    });
    const { isValid, errorsText } = validateStates(JSON.parse(definition), {
      checkArn: true,
      checkPaths: true,
    });
    expect({ isValid, faults: errorsText() }).toEqual({ isValid: true, faults: '' });
  });

  it('draws a dashboard of every figure that shows whether a run met its rate', () => {
    const [[, dashboard] = []] = resourcesOf('AWS::CloudWatch::Dashboard');
    const { widgets } = JSON.parse(renderText(dashboard?.Properties?.DashboardBody)) as {
      widgets: { properties: { metrics: (string | object)[][]; annotations?: object } }[];
    };
    const metrics = JSON.stringify(widgets.map(({ properties }) => properties.metrics));
    for (const name of [
      'PublishIn.Success',
      'PublishOut.Success',
      'Connect.Success',
      'PublishIn.Throttle',
      'Connect.Throttle',
      'RuleMessageThrottled',
      'Failure',
      'ApproximateAgeOfOldestMessage',
      'ConcurrentExecutions',
      'Errors',
    ]) {
      expect(metrics).toContain(`"${name}"`);
    }
    const quotas = widgets.flatMap(({ properties }) =>
      properties.annotations ? [properties.annotations] : [],
    );
    expect(quotas).toEqual(
      [20_000, 20_000, 500].map((value) => ({ horizontal: [{ label: 'quota', value }] })),
    );
  });

  it('has outputs that name its resources', () => {
    expect(Object.keys(stack.template.Outputs)).toEqual(
      expect.arrayContaining(['RunBucketName', 'StateMachineArn', 'ArrivalsQueueUrl', 'DashboardName']),
    );
  });
});

describe('the policies of the stack', () => {
  it('hold no wildcard but those on the list', () => {
    const found = wildcardsIn(statementsOf(stack.template));
    expect(found.filter((each) => !isAllowed(each))).toEqual([]);
  });

  it('need every wildcard on the list', () => {
    const found = wildcardsIn(statementsOf(stack.template));
    const unused = allowedWildcards.filter(
      ({ sid, wildcard }) => !found.some((each) => each.sid === sid && each.wildcard === wildcard),
    );
    // Traces and the stream are a stage parameter's, below.
    expect(unused.map(({ sid }) => sid)).toEqual(['ReadHowFarTheReaderIs', 'SendTraces']);
  });

  it.each<[string, Partial<Statement>]>([
    ['an action', { actions: ['s3:*'], resources: ['<RunBucket.Arn>'] }],
    ['a whole service', { actions: ['*'] }],
    ['a resource', { sid: 'WritePlans', resources: ['<RunBucket.Arn>/runs/*'] }],
    ['one character', { sid: 'WritePlans', resources: ['<RunBucket.Arn>/runs/?/plan.json'] }],
  ])('would be refused for a wildcard in %s', (_what, statement) => {
    const [found] = wildcardsIn([
      {
        where: 'PlanRole',
        sid: undefined,
        effect: 'Allow',
        actions: ['s3:PutObject'],
        resources: [],
        ...statement,
      },
    ]);
    expect(found && isAllowed(found)).toBe(false);
  });
});

/** Policies of a role whose actions a service looks for when a resource with that role is created. */
function policiesCreatedTooLate(template: Template): string[] {
  const neededAtCreation = /^xray:/;
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) => {
    if (Type !== 'AWS::Lambda::Function' && Type !== 'AWS::StepFunctions::StateMachine') return [];
    const before = createdBefore(template, id);
    const role = /^<(\w+)\.Arn>$/.exec(renderText(Properties?.Role ?? Properties?.RoleArn))?.[1] ?? '';
    return policiesOf(template, role).flatMap((policy) => {
      // An event source's policy may come after the function: it is needed by the mapping.
      const isAncestor = createdBefore(template, policy).has(id);
      const actions = statementsOf(template).flatMap((each) => (each.where === policy ? each.actions : []));
      const isLate = actions.some((action) => neededAtCreation.test(action)) && !before.has(policy);
      return isAncestor || isLate ? [`${id} is created before ${policy}`] : [];
    });
  });
}

describe('roles', () => {
  it('have their policies before a function or the state machine needs them', () => {
    expect(policiesCreatedTooLate(stack.template)).toEqual([]);
  });

  it('of rules are assumed by AWS IoT for rules of this account alone', () => {
    const trusts = resourcesOf('AWS::IAM::Role').flatMap(([, { Properties }]) => {
      const document = Properties?.AssumeRolePolicyDocument as { Statement: Record<string, unknown>[] };
      return document.Statement.filter(
        ({ Principal }) => (Principal as { Service: string }).Service === 'iot.amazonaws.com',
      );
    });
    expect(trusts.length).toBeGreaterThan(0);
    for (const { Condition } of trusts) {
      const { StringEquals, ArnLike } = Condition as Record<string, Record<string, unknown>>;
      expect(renderText(StringEquals?.['aws:SourceAccount'])).toBe('123456789012');
      expect(renderText(ArnLike?.['aws:SourceArn'])).toBe('arn:aws:iot:us-east-1:123456789012:rule/*');
    }
  });

  it('serve one function each', () => {
    const roles = Object.values(stack.template.Resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(({ Properties }) => renderText(Properties?.Role));
    expect(roles).toHaveLength(functions.length);
    expect(new Set(roles).size).toBe(functions.length);
  });
});

describe('the deployment bucket', () => {
  it('is open to no one, as the run bucket', () => {
    const blocks = resourcesOf('AWS::S3::Bucket').map(([id, { Properties }]) => [
      id,
      Properties?.PublicAccessBlockConfiguration,
    ]);
    const closed = {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    };
    expect(blocks.toSorted()).toEqual([
      ['RunBucket', closed],
      ['ServerlessDeploymentBucket', closed],
    ]);
  });
});

describe('names', () => {
  it('too long for Lambda are refused by package, with how much to take off', async () => {
    const service = await copyService();
    const { code, output } = await service.sls([
      'package',
      '--stage',
      'a-stage-of-so-many-letters-that-one-is-out',
    ]);
    await service.remove();
    expect(code).toBe(1);
    expect(output).toContain(
      'Lambda takes function names of at most 64 characters: ' +
        'stampede-a-stage-of-so-many-letters-that-one-is-out-measure-latency (67). ' +
        'Shorten --stage or --param namePrefix by 3.',
    );
  }, 300_000);
});

describe('stage parameters', () => {
  it('name the stack, bound its roles and set the waits', async () => {
    const other = await sharedStack('named');
    const { Resources } = other.template;
    const names = Object.values(Resources).flatMap(({ Properties = {} }) =>
      ['FunctionName', 'LogGroupName', 'StateMachineName', 'DashboardName'].flatMap((name) =>
        typeof Properties[name] === 'string' ? [Properties[name]] : [],
      ),
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !/^(\/aws\/lambda\/)?acme-stampede-dev/.test(name))).toEqual([]);
    const roles = Object.values(Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(5);
    expect(new Set(roles.map(({ Properties }) => Properties?.PermissionsBoundary))).toEqual(
      new Set([permissionsBoundary]),
    );
    expect(JSON.stringify(statementsOf(other.template))).not.toMatch(/[:/]stampede-dev/);
    const variables = 'Environment.Variables';
    expect(Resources.PlanLambdaFunction?.Properties).toHaveProperty(`${variables}.COLD_START_LEAD`, '20s');
    expect(Resources.SummarizeLambdaFunction?.Properties).toHaveProperty(
      `${variables}.CLOUDWATCH_DELAY`,
      '1m',
    );
  }, 300_000);

  it('put a stream between the rule and measure-latency', async () => {
    const { template, variablesOf } = await sharedStack('stream');
    const { Resources } = template;
    expect(Resources.ArrivalsStream?.Properties).toMatchObject({
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
      ShardCount: '4',
      StreamEncryption: { EncryptionType: 'KMS' },
    });
    const source = Resources.ArrivalsEventSource?.Properties ?? {};
    expect(renderText(source.EventSourceArn)).toBe('<ArrivalsStream.Arn>');
    const { OnFailure } = source.DestinationConfig as { OnFailure: { Destination: unknown } };
    expect(renderText(OnFailure.Destination)).toBe('<DeadLetterQueue.Arn>');
    expect(Resources.ArrivalsRule?.Properties).toHaveProperty(
      'TopicRulePayload.Actions.0.Kinesis.PartitionKey',
      // Of the rules engine, not of CloudFormation.
      { 'Fn::Join': ['', ['$', '{newuuid()}']] },
    );
    expect(wildcardsIn(statementsOf(template)).filter((found) => !isAllowed(found))).toEqual([]);
    expect(parseDeployment(variablesOf('plan').DEPLOYMENT ?? '')).toMatchObject({
      subscriber: 'stream',
      stream: { mode: 'provisioned', shards: 4 },
    });
    const onDemand = await sharedStack('onDemandStream');
    expect(onDemand.template.Resources.ArrivalsStream?.Properties).toMatchObject({
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      ShardCount: { Ref: 'AWS::NoValue' },
    });
  });

  it('turn topics, subscriber, architecture, tracing, layers and limits', async () => {
    const other = await sharedStack('direct');
    const { Resources } = other.template;
    const mqtt = Resources.PublishDashmqttLambdaFunction?.Properties;
    expect(mqtt).toMatchObject({
      Architectures: ['x86_64'],
      ReservedConcurrentExecutions: 50,
      TracingConfig: { Mode: 'Active' },
    });
    for (const name of ['Plan', 'PublishDashmqtt', 'PublishDashhttp'])
      expect(Resources[`${name}LambdaFunction`]?.Properties).toHaveProperty('Layers', payloadLayers);
    expect(Resources.SummarizeLambdaFunction?.Properties).not.toHaveProperty('Layers');
    const byName = statementsOf(other.template).filter(({ sid }) => sid === 'PublishToTheRuleByName');
    expect(byName.map(({ resources }) => resources)).toEqual(
      Array(2).fill(['arn:aws:iot:us-east-1:123456789012:topic/$aws/rules/<ArrivalsRule>/*']),
    );
    expect(other.template.Outputs?.RuleName?.Value).toEqual({ Ref: 'ArrivalsRule' });
    // Preflight counts with what is deployed: the plan function's variable, and the output that the command line reads.
    const http = Resources.PublishDashhttpLambdaFunction?.Properties;
    expect(http).toHaveProperty('ReservedConcurrentExecutions', 50);
    const known = [other.variablesOf('plan').DEPLOYMENT, other.template.Outputs?.Deployment?.Value];
    expect(known.map((json) => parseDeployment(String(json)).publishConcurrency)).toEqual([50, 50]);
    expect(http).toHaveProperty('Timeout', 600);
    expect(known.map((json) => parseDeployment(String(json)).sliceSeconds)).toEqual([600, 600]);
    expect(Object.keys(other.zips.get('publish-mqtt')?.files ?? {})).toContain(
      'node_modules/aws-crt/dist/bin/linux-x64-glibc/aws-crt-nodejs.node',
    );
    expect(mqtt).toHaveProperty(
      'Environment.Variables.AWS_CRT_NODEJS_BINARY_RELATIVE_PATH',
      '../node_modules/aws-crt/dist/bin/linux-x64-glibc/aws-crt-nodejs.node',
    );
    expect(mqtt).toHaveProperty('Environment.Variables.TOPIC_FILTER', 'fleet/+/telemetry/#');
    const topics = statementsOf(other.template).filter(({ sid }) => sid === 'PublishToTheTestsTopics');
    expect(topics.map(({ resources }) => resources)).toEqual([
      ['arn:aws:iot:us-east-1:123456789012:topic/fleet/*/telemetry/*'],
      // Over HTTPS, backends send commands.
      [
        'arn:aws:iot:us-east-1:123456789012:topic/fleet/*/telemetry/*',
        'arn:aws:iot:us-east-1:123456789012:topic/stampede-commands/*',
      ],
    ]);
    const traces = wildcardsIn(statementsOf(other.template)).filter(({ sid }) => sid === 'SendTraces');
    expect(traces.map(isAllowed)).toEqual([true]);
    expect(policiesOf(other.template, 'PlanRole')).toContain('TracingPolicy');
    expect(policiesCreatedTooLate(other.template)).toEqual([]);
    expect(Resources.ArrivalsRule?.Properties).toHaveProperty('TopicRulePayload.Actions.0.Lambda');
    expect(Resources).not.toHaveProperty('ArrivalsQueue');
    expect(Resources.PlanLogGroup?.Properties).toHaveProperty('RetentionInDays', 30);
    expect(Resources.LoadTestStateMachine?.Properties).toHaveProperty('TracingConfiguration', {
      Enabled: true,
    });
  }, 300_000);

  it('turn the readers of the queue into provisioned pollers', async () => {
    const other = await sharedStack('provisioned');
    const { Resources, Outputs } = other.template;
    expect(Resources.ArrivalsEventSource?.Properties).toMatchObject({
      ScalingConfig: { Ref: 'AWS::NoValue' },
      ProvisionedPollerConfig: { MinimumPollers: '20', MaximumPollers: '400' },
    });
    expect(parseDeployment(String(Outputs.Deployment?.Value)).arrivals.readers).toEqual({
      mode: 'provisioned',
      minimumPollers: 20,
      maximumPollers: 400,
    });
  }, 300_000);
});
