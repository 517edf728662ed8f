/** Embedded AWS is one account in one Region. The account id is AWS's own for documentation. */
export const accountId = '123456789012';
export const region = 'us-east-1';
export const partition = 'aws';

export const arnOfFunction = (functionName: string): string =>
  `arn:${partition}:lambda:${region}:${accountId}:function:${functionName}`;

export const arnOfStateMachine = (name: string): string =>
  `arn:${partition}:states:${region}:${accountId}:stateMachine:${name}`;

export const arnOfExecution = (stateMachine: string, name: string): string =>
  `arn:${partition}:states:${region}:${accountId}:execution:${stateMachine}:${name}`;

export const arnOfMapRun = (stateMachine: string, label: string, id: string): string =>
  `arn:${partition}:states:${region}:${accountId}:mapRun:${stateMachine}/${label}:${id}`;

/** Child executions of a Distributed Map bear its label in place of a state machine of their own. */
export const arnOfChildExecution = (stateMachine: string, label: string, name: string): string =>
  `arn:${partition}:states:${region}:${accountId}:execution:${stateMachine}/${label}:${name}`;

/** A function's name from its name, its ARN or its partial ARN, with or without a qualifier. */
export function functionNameOf(reference: string): string {
  const parts = reference.split(':');
  const at = parts.indexOf('function');
  return (at === -1 ? parts[0] : parts[at + 1]) ?? '';
}
