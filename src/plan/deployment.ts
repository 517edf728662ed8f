/** The five functions, as the stack names them. */
export type FunctionName = 'plan' | 'publish-mqtt' | 'publish-http' | 'measure-latency' | 'summarize';

/** What of the deployed stack bears on Lambda concurrency and on cost. */
export interface Deployment {
  /** How the rule's messages reach measure-latency: in batches from a queue, or one an invocation. */
  readonly subscriber: 'queue' | 'direct';
  /** What the rule reads: a topic outside it is never measured. */
  readonly topicFilter: string;
  /** Memory of each function, MB. */
  readonly memoryMb: Readonly<Record<FunctionName, number>>;
  /** The queue's event source mapping. */
  readonly arrivals: {
    readonly batchSize: number;
    readonly batchWindowSeconds: number;
    readonly maximumConcurrency: number;
  };
}

/** As serverless.yml has it without parameters: a test holds the two equal. */
export const defaultDeployment: Deployment = {
  subscriber: 'queue',
  topicFilter: 'stampede/#',
  memoryMb: {
    plan: 512,
    'publish-mqtt': 1_769,
    'publish-http': 1_769,
    'measure-latency': 1_024,
    summarize: 1_769,
  },
  arrivals: { batchSize: 10_000, batchWindowSeconds: 1, maximumConcurrency: 10 },
};
