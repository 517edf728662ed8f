import { StampedeError } from '../../shared/errors.ts';
import { partition } from '../gateway/arns.ts';
import { notSupported } from '../gateway/aws-error.ts';

/** An Amazon States Language definition, no further known than it is read here. */
export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly [field: string]: unknown;
}

export interface State {
  readonly Type: string;
  readonly [field: string]: unknown;
}

/** A definition made ready for the library, and what was taken out of it. */
export interface PreparedDefinition {
  /** The definition with each DISTRIBUTED Map replaced by a Task of the same name. */
  readonly definition: Definition;
  /** The maps that were taken out, by state name; their processors are prepared too. */
  readonly maps: ReadonlyMap<string, DistributedMapState>;
  /** Resources by the name of the Task state, of the whole state machine: names are unique in it. */
  readonly tasks: ReadonlyMap<string, string>;
}

export interface DistributedMapState {
  readonly state: State;
  /** Names the child executions; AWS makes one up where the state has none. */
  readonly label: string;
  readonly processor: Definition;
}

/**
 * A Task without a limit waits 99,999,999 s on AWS; the library would wait 60 s. This is as long as a timer goes: a longer one would be over at
 * once.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
 */
const longestTimeoutSeconds = 2_147_483;

/** What AWS SDK integration there is: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html */
export const putObjectResource = `arn:${partition}:states:::aws-sdk:s3:putObject`;

const lambdaArn = /^arn:aws[a-z-]*:lambda:[^:]+:\d{12}:function:[^:]+(:[^:]+)?$/;

/** What a Map state may have on AWS and this cannot honour: better refused than ignored. */
const unsupportedMapFields = ['ItemReader', 'ItemBatcher', 'ResultWriter'] as const;
/** Fields of a Map that a Task has too, and the library handles alike. */
const sharedFields = [
  'Comment',
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Retry',
  'Catch',
  'Next',
  'End',
];

/**
 * Reads a definition with CloudFormation's `DefinitionSubstitutions` applied.
 * @throws StampedeError for a placeholder without a value
 */
export function substitute(definition: string, values: Readonly<Record<string, string>>): Definition {
  const text = definition.replace(/\$\{([A-Za-z0-9]+)\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value !== undefined) return JSON.stringify(value).slice(1, -1);
    throw new StampedeError('NoSubstitution', `the state machine names \${${name}}, which has no value`, {
      hint: `there are: ${Object.keys(values).join(', ')}`,
    });
  });
  return JSON.parse(text) as Definition;
}

/** `publish-mqtt` → `PublishMqttFunctionArn`, as the state machine calls it. */
export function arnPlaceholderOf(functionKey: string): string {
  const words = functionKey.split(/[-_]/).filter(Boolean);
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}FunctionArn`;
}

/** @throws AwsError for what the embedded engine does not do */
export function prepareDefinition(definition: Definition): PreparedDefinition {
  const maps = new Map<string, DistributedMapState>();
  const tasks = new Map<string, string>();

  const prepareAll = ({ ProcessorConfig: _config, ...rest }: Definition): Definition => ({
    ...(rest as unknown as Definition),
    States: Object.fromEntries(
      Object.entries(rest.States as Definition['States']).map(([name, state]) => [
        name,
        prepare(name, state),
      ]),
    ),
  });

  function prepare(name: string, state: State): State {
    const language = state.QueryLanguage ?? definition.QueryLanguage;
    if (language === 'JSONata') throw notSupported(`JSONata (state '${name}')`);
    if ('Assign' in state) throw notSupported(`variables (Assign of state '${name}')`);
    if (state.Type === 'Task') return prepareTask(name, state);
    if (state.Type === 'Parallel')
      return { ...state, Branches: (state.Branches as readonly Definition[]).map(prepareAll) };
    if (state.Type === 'Map') return prepareMap(name, state);
    return state;
  }

  function prepareTask(name: string, state: State): State {
    const resource = String(state.Resource);
    if (!lambdaArn.test(resource) && resource !== putObjectResource)
      throw notSupported(`the resource ${resource} of task '${name}'`);
    tasks.set(name, resource);
    return 'TimeoutSeconds' in state || 'TimeoutSecondsPath' in state
      ? state
      : { ...state, TimeoutSeconds: longestTimeoutSeconds };
  }

  function prepareMap(name: string, state: State): State {
    const processor = (state.ItemProcessor ?? state.Iterator) as Definition;
    const config = processor.ProcessorConfig as
      | { readonly Mode?: string; readonly ExecutionType?: string }
      | undefined;
    if (config?.Mode !== 'DISTRIBUTED') return { ...state, ItemProcessor: prepareAll(processor) };
    const unsupported = unsupportedMapFields.find((field) => field in state);
    if (unsupported !== undefined) throw notSupported(`${unsupported} of map '${name}'`);
    if (config.ExecutionType === 'EXPRESS') throw notSupported(`EXPRESS children of map '${name}'`);
    // Evaluated in an execution of their own, these would be that one's.
    const unrelated = /\$\$\.Execution\.(Input|StartTime)/.exec(
      JSON.stringify(state.ItemSelector ?? state.Parameters ?? {}),
    );
    if (unrelated !== null) throw notSupported(`${unrelated[0]} in the ItemSelector of map '${name}'`);
    maps.set(name, { state, label: String(state.Label ?? name), processor: prepareAll(processor) });
    return {
      Type: 'Task',
      // Never called: the task's local handler is the map. It has to be an ARN that the validator believes.
      Resource: `arn:${partition}:states:::aws-sdk:sfn:startExecution`,
      TimeoutSeconds: longestTimeoutSeconds,
      ...Object.fromEntries(
        sharedFields.filter((field) => field in state).map((field) => [field, state[field]]),
      ),
    };
  }

  const { TimeoutSeconds: seconds } = definition;
  const bounded = typeof seconds === 'number' && { TimeoutSeconds: Math.min(seconds, longestTimeoutSeconds) };
  return { definition: { ...prepareAll(definition), ...bounded }, maps, tasks };
}
