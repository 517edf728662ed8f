import type { Statement } from './cloudformation.ts';

/** Every wildcard that a policy of the stack may hold: the statement's Sid, what the wildcard is in, and why it is there. */
export interface AllowedWildcard {
  readonly sid: string;
  /** The action or the resource as rendered for the default parameters; `{function}` stands for a function's name. */
  readonly wildcard: string;
  readonly reason: string;
}

const account = 'us-east-1:123456789012';
const runs = '<RunBucket.Arn>/runs';
const runIds = 'run ids are made by the user who starts an execution';
const devices = 'one topic a device, and as many devices as a load profile says';
const controlTopics = 'one control topic a run, and run ids are made by the user who starts an execution';
const commandTopics =
  'one command topic a device, or a broadcast, under a root of the test’s own, by run or profile';

export const allowedWildcards: readonly AllowedWildcard[] = [
  {
    sid: 'WriteLogs',
    wildcard: `arn:aws:logs:${account}:log-group:/aws/lambda/stampede-dev-{function}:*`,
    reason: 'Lambda names a log stream for each execution environment; the log group is the function’s own',
  },
  { sid: 'WritePlans', wildcard: `${runs}/*/plan.json`, reason: runIds },
  { sid: 'ReadPlans', wildcard: `${runs}/*/plan.json`, reason: runIds },
  { sid: 'ReadEarlierLegs', wildcard: `${runs}/*/slices/*`, reason: `${runIds}; a key a leg` },
  { sid: 'ReadActions', wildcard: `${runs}/*/actions/*`, reason: `${runIds}; a key an action` },
  { sid: 'StoreActions', wildcard: `${runs}/*/actions/*`, reason: `${runIds}; a key an action` },
  { sid: 'StoreJudgedHolds', wildcard: `${runs}/*/search/*`, reason: `${runIds}; a key a step of a search` },
  { sid: 'WriteSliceResults', wildcard: `${runs}/*/slices/*`, reason: `${runIds}; a key a leg of a slice` },
  { sid: 'RecordFailures', wildcard: `${runs}/*/deaths/*`, reason: `${runIds}; a key a leg of a slice` },
  { sid: 'WriteArrivalWindows', wildcard: `${runs}/*/arrivals/rule/*`, reason: `${runIds}; a key a batch` },
  {
    sid: 'WriteArrivalWindows',
    wildcard: `${runs}/*/arrivals/subscriber/*`,
    reason: `${runIds}; a key a window of a subscriber`,
  },
  {
    sid: 'WriteSubscriberRecords',
    wildcard: `${runs}/*/subscribers/*`,
    reason: `${runIds}; a key a slice that subscribes`,
  },
  ...['ReadWhatDevicesShow', 'ReadSecretsOfTheTarget'].map((sid) => ({
    sid,
    wildcard: `arn:aws:secretsmanager:${account}:secret:stampede-dev/target-*`,
    reason:
      'users name the secrets of a target themselves, and Secrets Manager appends six characters to a name',
  })),
  {
    sid: 'ConnectAsTheTestsClients',
    wildcard: `arn:aws:iot:${account}:client/stampede-*`,
    reason: 'a client id a connection of a subscriber, all with the prefix of the test’s own',
  },
  ...['', '$share/stampede-*/'].map((share) => ({
    sid: 'SubscribeToTheTestsTopics',
    wildcard: `arn:aws:iot:${account}:topicfilter/${share}stampede/dev/*`,
    reason: `${devices}; a share name holds the run id`,
  })),
  {
    sid: 'ReceiveTheTestsMessages',
    wildcard: `arn:aws:iot:${account}:topic/stampede/dev/*`,
    reason: devices,
  },
  {
    sid: 'SpillLivePoints',
    wildcard: `${runs}/*/influx-overflow/*`,
    reason: `${runIds}; a key a slice or batch`,
  },
  {
    sid: 'DeleteSpilledPoints',
    wildcard: `${runs}/*/influx-overflow/*`,
    reason: `${runIds}; a key a slice or batch`,
  },
  ...['arrivals/rule', 'slices'].map((folder) => ({
    sid: 'StoreFolds',
    wildcard: `${runs}/*/${folder}/folded/*`,
    reason: `${runIds}; a key a sum of files`,
  })),
  ...['arrivals/rule', 'slices'].map((folder) => ({
    sid: 'DeleteFoldedFiles',
    wildcard: `${runs}/*/${folder}/*`,
    reason: `${runIds}; a key a batch or a leg of a slice`,
  })),
  { sid: 'ReadTheRun', wildcard: `${runs}/*`, reason: `${runIds}; the report is made of all of it` },
  { sid: 'WriteTheReport', wildcard: `${runs}/*/report.json`, reason: runIds },
  { sid: 'WriteTheReport', wildcard: `${runs}/*/report.html`, reason: runIds },
  {
    sid: 'FindTheEndpoint',
    wildcard: '*',
    reason:
      'iot:DescribeEndpoint has no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_iot.html',
  },
  {
    sid: 'ReadTheLimits',
    wildcard: '*',
    reason:
      'none of the three has resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_servicequotas.html and list_awslambda.html',
  },
  {
    sid: 'ConnectAsTheTestsDevices',
    wildcard: `arn:aws:iot:${account}:client/stampede-*`,
    reason: 'one client id a virtual device, all with the prefix of the test’s own',
  },
  ...['certificate', 'authorizer'].map((secret) => ({
    sid: 'ReadWhatDevicesShow',
    wildcard: `arn:aws:secretsmanager:${account}:secret:stampede-dev/fleet-${secret}-??????`,
    reason: 'Secrets Manager adds six characters to a secret’s name, which are not known before it is made',
  })),
  {
    sid: 'PublishToTheTestsTopics',
    wildcard: `arn:aws:iot:${account}:topic/stampede/dev/*`,
    reason: devices,
  },
  {
    sid: 'PublishToTheRuleByName',
    wildcard: `arn:aws:iot:${account}:topic/$aws/rules/<ArrivalsRule>/*`,
    reason: `${devices}; the rule is the stack’s own`,
  },
  {
    sid: 'HearEchoesAndStop',
    wildcard: `arn:aws:iot:${account}:topicfilter/stampede/dev/*`,
    reason: devices,
  },
  {
    sid: 'HearEchoesAndStop',
    wildcard: `arn:aws:iot:${account}:topicfilter/stampede-control/*`,
    reason: controlTopics,
  },
  { sid: 'ReceiveEchoesAndStop', wildcard: `arn:aws:iot:${account}:topic/stampede/dev/*`, reason: devices },
  ...['SendCommandsAndReplies', 'ReceiveEchoesAndStop', 'PublishToTheTestsTopics'].map((sid) => ({
    sid,
    wildcard: `arn:aws:iot:${account}:topic/stampede-commands/*`,
    reason: commandTopics,
  })),
  {
    sid: 'HearEchoesAndStop',
    wildcard: `arn:aws:iot:${account}:topicfilter/stampede-commands/*`,
    reason: commandTopics,
  },
  {
    sid: 'ReceiveEchoesAndStop',
    wildcard: `arn:aws:iot:${account}:topic/stampede-control/*`,
    reason: controlTopics,
  },
  ...['topicfilter/', 'topicfilter/$share/stampede-*/', 'topic/'].map((kind) => ({
    sid: kind === 'topic/' ? 'ReceiveEchoesAndStop' : 'HearEchoesAndStop',
    wildcard: `arn:aws:iot:${account}:${kind}$aws/events/presence/*`,
    reason: 'a life-cycle event names its client, and a run has as many as its load profile says',
  })),
  { sid: 'HearTheStop', wildcard: `arn:aws:iot:${account}:topic/stampede-control/*`, reason: controlTopics },
  {
    sid: 'ClearTheStopMessage',
    wildcard: `arn:aws:iot:${account}:topic/stampede-control/*`,
    reason: controlTopics,
  },
  {
    sid: 'ReadHowFarTheReaderIs',
    wildcard: '*',
    reason:
      'cloudwatch:GetMetricData has no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_cloudwatch.html',
  },
  {
    sid: 'ReadServiceCounts',
    wildcard: '*',
    reason:
      'cloudwatch:GetMetricData has no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_cloudwatch.html',
  },
  {
    sid: 'FollowChildren',
    wildcard: `arn:aws:states:${account}:execution:stampede-dev:*`,
    reason: 'executions are named when they start; the state machine is our own',
  },
  {
    sid: 'FollowChildren',
    wildcard: `arn:aws:states:${account}:execution:stampede-dev/*`,
    reason: 'children of the Distributed Map are named by Step Functions; the state machine is our own',
  },
  {
    sid: 'SendTraces',
    wildcard: '*',
    reason:
      'X-Ray has no resources for sending traces: https://docs.aws.amazon.com/service-authorization/latest/reference/list_xray.html',
  },
];

/** A wildcard in a statement that allows something. What is denied may be denied as widely as one likes. */
export interface FoundWildcard {
  readonly where: string;
  readonly sid: string;
  readonly wildcard: string;
}

export function wildcardsIn(statements: readonly Statement[]): FoundWildcard[] {
  return statements
    .filter(({ effect }) => effect === 'Allow')
    .flatMap(({ where, sid = '', actions, resources }) =>
      [...actions, ...resources]
        .filter((text) => /[*?]/.test(text))
        .map((wildcard) => ({ where, sid, wildcard: wildcard.replace(functionName, '{function}') })),
    );
}

/** Role by role the function is another, the reason the same. */
const functionName = /(?<=\/aws\/lambda\/stampede-dev-)[a-z-]+(?=:)/;

export function isAllowed({ sid, wildcard }: FoundWildcard): boolean {
  return allowedWildcards.some((allowed) => allowed.sid === sid && allowed.wildcard === wildcard);
}
