/** Limits that the stack's own parameters set, whatever the account: the deployment says how high they are. */
export const stackQuotas = {
  /** Nothing but slices takes of it, so that they may take all of it. */
  publishConcurrency: {
    label: 'slices at once (reserved concurrency)',
    unit: '',
    scope: 'run',
    adjustable: false,
    raise: 'deploy the stack with a larger --param publishConcurrency=…, or without it (docs/deploy.md)',
  },
  queueReadsPerSecond: {
    label: 'arrivals read from the queue per second',
    unit: '/s',
    scope: 'run',
    adjustable: true,
    raise:
      'deploy the stack with more readers (--param measureConcurrency=…; docs/deploy.md, "Readers of the queue")',
  },
  streamRecordsPerSecond: {
    label: 'arrivals put into the stream per second',
    unit: '/s',
    scope: 'run',
    adjustable: true,
    raise: 'deploy the stack with more shards (--param streamShards=…; docs/deploy.md, "Queue or stream")',
  },
} as const;

export type StackQuotaName = keyof typeof stackQuotas;
