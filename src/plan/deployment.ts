import { accountLimitsOf } from '../targets/aws-iot/quotas.ts';
import { type Ceilings, parseCeilings } from './ceilings.ts';
import type { ArrivalsReading } from './queue-readers.ts';
import type { StreamCapacity } from './stream-reading.ts';

/** The functions, as the stack names them. */
export type FunctionName =
  | 'plan'
  | 'publish-mqtt'
  | 'publish-http'
  | 'subscribe'
  | 'measure-latency'
  | 'summarize';

/** Settings of the deployed stack that decide Lambda concurrency, how fast arrivals are read, and cost. */
export interface Deployment {
  /** How the rule's messages reach measure-latency: in batches from a queue or a stream, or one an invocation. */
  readonly subscriber: 'queue' | 'direct' | 'stream';
  /** What payloads the rule reads; absent: objects of JSON alone, with the envelope in them. */
  readonly payloads?: 'json' | 'any';
  /** What the rule reads: a topic outside it is never measured. */
  readonly topicFilter: string;
  /** Name of that rule, for Basic Ingest. */
  readonly ruleName: string;
  /** Memory of each function, MB. */
  readonly memoryMb: Readonly<Record<FunctionName, number>>;
  /** Time that the plan allows for cold starts: milliseconds to the first slice, and slices that Lambda starts in a second. */
  readonly coldStart: { readonly leadMs: number; readonly environmentsPerSecond: number };
  /** The queue's event source mapping. */
  readonly arrivals: ArrivalsReading;
  /** What the stream of `subscriber: stream` takes. */
  readonly stream: StreamCapacity;
  /**
   * Concurrency reserved for each of the two publishing functions: the most slices that run at once. Undefined: slices take
   * theirs from the account's pool.
   */
  readonly publishConcurrency?: number;
  /** Time limit of the functions that run slices, or their legs. Undefined: the most that Lambda gives. */
  readonly sliceSeconds?: number;
  /** How long the run store keeps what a run puts into it; absent: until it is deleted, or it is not known. */
  readonly retentionDays?: number;
  /** The most that a run may take; absent: the stack has no ceilings, or is not known. */
  readonly ceilings?: Ceilings;
}

/** What the stack's parameters decide of it. */
export type DeploymentParameters = Pick<
  Deployment,
  | 'subscriber'
  | 'payloads'
  | 'arrivals'
  | 'stream'
  | 'publishConcurrency'
  | 'sliceSeconds'
  | 'retentionDays'
  | 'ceilings'
>;

/** As serverless.yml has it without parameters, in its default stage `dev`: a test holds the two equal. */
export const defaultDeployment: Deployment = {
  subscriber: 'queue',
  topicFilter: 'stampede/dev/#',
  // Of embedded AWS: CloudFormation makes another one for each stack.
  ruleName: 'stampede_arrivals',
  memoryMb: {
    plan: 512,
    'publish-mqtt': 1_769,
    'publish-http': 1_769,
    subscribe: 1_769,
    'measure-latency': 1_024,
    summarize: 1_769,
  },
  // 1,000 environments per 10 s per function: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#scaling-rate
  coldStart: { leadMs: 5_000, environmentsPerSecond: 100 },
  arrivals: {
    batchSize: 350,
    batchWindowSeconds: 1,
    readers: { mode: 'standard', maximumConcurrency: 300 },
  },
  stream: { mode: 'provisioned', shards: 25 },
};

/** The stack that a plan was made for. A plan without one was made for a stack without parameters. */
export function deploymentOf({ deployment }: { readonly deployment?: DeploymentParameters }): Deployment {
  return { ...defaultDeployment, ...deployment };
}

/**
 * Reads the parameters as the stack writes them, as JSON, into its output `Deployment` and into the plan function's
 * variable `DEPLOYMENT`: `{"subscriber":"queue","batchSize":350,"batchWindowSeconds":1,"readers":"standard",
 * "maximumConcurrency":300,"minimumPollers":2,"maximumPollers":250,"streamMode":"provisioned","streamShards":25,
 * "publishConcurrency":null,"sliceSeconds":900,"retentionDays":14}`, and the ceilings. Older stacks have no `publishConcurrency`, `sliceSeconds`,
 * `retentionDays`, ceilings or `payloads`; embedded AWS keeps runs in a directory, and has no `retentionDays`.
 * @throws Error that says what is wrong with it
 */
export function parseDeployment(json: string): DeploymentParameters {
  const values = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const number = (name: string): number => {
    const value = values[name];
    if (typeof value === 'number' && value >= 0) return value;
    throw new Error(`${name} is not a number: ${JSON.stringify(value)}`);
  };
  const oneOf = <const Name extends string>(name: string, names: readonly Name[]): Name => {
    const found = names.find((each) => each === values[name]);
    if (found !== undefined) return found;
    throw new Error(`${name} is not ${names.join(' or ')}: ${JSON.stringify(values[name])}`);
  };
  const ceilings = parseCeilings(values);
  return {
    subscriber: oneOf('subscriber', ['queue', 'direct', 'stream']),
    ...(values.payloads !== undefined && { payloads: oneOf('payloads', ['json', 'any']) }),
    arrivals: {
      batchSize: number('batchSize'),
      batchWindowSeconds: number('batchWindowSeconds'),
      readers:
        oneOf('readers', ['standard', 'provisioned']) === 'standard'
          ? { mode: 'standard', maximumConcurrency: number('maximumConcurrency') }
          : {
              mode: 'provisioned',
              minimumPollers: number('minimumPollers'),
              maximumPollers: number('maximumPollers'),
            },
    },
    stream:
      oneOf('streamMode', ['provisioned', 'on-demand']) === 'provisioned'
        ? { mode: 'provisioned', shards: number('streamShards') }
        : { mode: 'on-demand' },
    ...wholeNumber(values, 'publishConcurrency'),
    ...wholeNumber(values, 'retentionDays'),
    ...limitOfSlices(values.sliceSeconds),
    ...(ceilings && { ceilings }),
  };
}

/** Functions with 0 reserved never run at all, and what is kept for no day is not kept. */
function wholeNumber<Name extends 'publishConcurrency' | 'retentionDays'>(
  values: Readonly<Record<string, unknown>>,
  name: Name,
): Partial<Record<Name, number>> {
  const value = values[name];
  if (value === undefined || value === null) return {};
  if (Number.isSafeInteger(value) && (value as number) >= 1)
    return { [name]: value as number } as Partial<Record<Name, number>>;
  throw new Error(`${name} is not a whole number of at least 1: ${JSON.stringify(value)}`);
}

function limitOfSlices(value: unknown): Pick<Deployment, 'sliceSeconds'> {
  if (value === undefined || value === longestSliceSeconds) return {};
  const isOne = Number.isSafeInteger(value) && (value as number) >= leastSliceSeconds;
  if (isOne && (value as number) < longestSliceSeconds) return { sliceSeconds: value as number };
  throw new Error(
    `sliceSeconds is not a whole number from ${leastSliceSeconds} to ${longestSliceSeconds}: ${JSON.stringify(value)}`,
  );
}

/** What a leg needs to start and to end. */
const leastSliceSeconds = 30;
const longestSliceSeconds = accountLimitsOf('default').lambdaSeconds;

/** Lambda leaves at least so much of an account's concurrency unreserved. */
const leastUnreserved = 100;

/**
 * What the reservations of the two publishing functions leave of an account's concurrency.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
 */
export function unreservedConcurrency(
  accountConcurrency: number,
  { publishConcurrency = 0 }: Pick<Deployment, 'publishConcurrency'>,
): number {
  if (publishConcurrency === 0) return accountConcurrency;
  return Math.max(leastUnreserved, accountConcurrency - 2 * publishConcurrency);
}
